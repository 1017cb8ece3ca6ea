"""`chargehand doctor`."""

from typing import Annotated

import typer

from api.cli.console import AsJson, console, ending, print_json, settings

SIGNS = {"ok": "[green]ok  [/green]", "warn": "[yellow]warn[/yellow]", "fail": "[red]FAIL[/red]"}


def doctor(
    only: Annotated[
        list[str] | None, typer.Option("--only", help="Only this check; repeat it for more.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """What is missing or wrong in this installation, and how to mend it. Exit code 1 when something fails."""
    from dataclasses import asdict

    from rich.markup import escape

    from api.cli.doctor_checks import CHECKS, examine, opened

    if unknown := [name for name in only or () if name not in CHECKS]:
        raise typer.BadParameter(f"{unknown[0]} is not one of {', '.join(CHECKS)}", param_hint="--only")
    with ending(), opened(settings()) as installation:
        findings = list(examine(installation, tuple(only or CHECKS)))
    if as_json:
        print_json([asdict(f) for f in findings])
    else:
        for f in findings:
            console.print(f"{SIGNS[f.level]}  {f.check:15} {escape(f.says)}", soft_wrap=True)
            if f.mend:
                console.print(f"{'':21} {escape(f.mend)}", soft_wrap=True, style="dim")
    if any(f.level == "fail" for f in findings):
        raise typer.Exit(1)
