"""`chargehand serve` and `chargehand token`, as whoever runs the machine uses them."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable

import httpx
import pytest
from click.testing import Result
from typer.testing import CliRunner

from api.cli.main import app
from api.database import Place

Chargehand = Callable[..., Result]


@pytest.fixture
def chargehand(place: Place) -> Chargehand:
    """`chargehand(*arguments)`: the command on the small firm's database."""
    environment = {"DATABASE_URL": place.admin, "CHARGEHAND_PUBLIC_URL": "https://ops.firm.example/"}

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(app, list(arguments), env=environment)

    return run


@pytest.mark.parametrize("said", ["rita", "rita@example.com", "RITA ROTH"])
def test_a_link_is_made_for_whom_one_names(chargehand: Chargehand, said: str) -> None:
    made = chargehand("token", "link", said, "--json")
    assert made.exit_code == 0, made.output
    found = json.loads(made.stdout)
    assert found["person_id"] == "rita"
    assert re.fullmatch(r"https://ops\.firm\.example/sign-in/[\w-]{43}", found["url"])


def test_nobody_of_that_name_is_said_plainly(chargehand: Chargehand) -> None:
    refused = chargehand("token", "link", "Nobody At All")
    assert refused.exit_code == 2 and "Nobody At All" in refused.output


def test_a_token_is_made_listed_and_revoked(chargehand: Chargehand) -> None:
    made = chargehand("token", "create", "rita", "--name", "export", "--scope", "staffing.read", "--json")
    token = json.loads(made.stdout)
    assert token["scopes"] == ["staffing.read"] and token["token"].startswith("cht_")
    listed = json.loads(chargehand("token", "list", "--json").stdout)
    assert [t["token_id"] for t in listed] == [token["token_id"]] and "token" not in listed[0]
    assert chargehand("token", "revoke", token["token_id"]).exit_code == 0
    assert "revoked" in chargehand("token", "list").stdout


def test_a_scope_that_is_none_is_refused(chargehand: Chargehand) -> None:
    assert chargehand("token", "create", "rita", "--name", "x", "--scope", "everything").exit_code == 2


def test_serve_says_where_serves_and_stops_when_told(place: Place) -> None:
    environment = os.environ | {"DATABASE_URL": place.admin, "CHARGEHAND_LOG_LEVEL": "warning"}
    environment.pop("CHARGEHAND_PUBLIC_URL", None)
    command = [sys.executable, "-m", "typer", "api.cli.main", "run", "serve", "--port", "0"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            said = next(line for line in process.stderr if "Serving on" in line)
            url = said.split()[-1]
            assert httpx.get(f"{url}/readyz", timeout=30).json() == {"status": "ready"}
            assert httpx.get(f"{url}/v1/me").status_code == 401
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) in (0, -signal.SIGTERM)


def test_the_desk_loads_no_copilot() -> None:
    """What `serve` imports, all of it: the graph and its models live in the copilot's process."""
    script = (
        "import sys, api.app, api.copilot.child, api.database, api.server, api.telemetry, api.wiring;"
        " sys.exit(str({'langgraph', 'langchain_core', 'openai', 'sklearn'} & set(sys.modules) or ''))"
    )
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert loaded.stderr.strip() == ""
