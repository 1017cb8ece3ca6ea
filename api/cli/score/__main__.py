"""`python -m api.cli.score`: the same as `chargehand score`."""

from api.cli.score import app

app(prog_name="chargehand score")
