"""`chargehand policy lint|test|backtest`: what a policy would do, before anybody signs it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.console import AsJson, console, ending, print_json, settings

if TYPE_CHECKING:
    from models.policy_lint import LintFinding
    from models.policy_scenarios import Outcome

PolicyFile = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A policy in YAML.")]


def lint(
    file: PolicyFile,
    no_firm: Annotated[
        bool, typer.Option("--no-firm", help="Only the policy itself, without the firm's people.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """What is odd about a policy: overlaps, rules that never hold, gates that nobody can fill, people nobody
    stands in for. Exit code 1 when there is an error."""
    from models.policy_lint import in_order
    from models.policy_lint import lint as lint_alone
    from models.policy_text import parse_policy
    from workflow.policy_people import lint_people

    with ending():
        policy = parse_policy(file.read_text(encoding="utf-8"), file.name)
        found = lint_alone(policy)
        if not no_firm:
            from api.database import SET_UP, place

            with place(settings()).database().tx(SET_UP, "workflow") as tx:
                found = in_order([*found, *lint_people(tx, policy)])
    if as_json:
        print_json([f.model_dump(mode="json") for f in found])
    else:
        _show_findings(found)
    if any(f.severity == "error" for f in found):
        raise typer.Exit(1)


def _show_findings(found: "list[LintFinding]") -> None:
    for f in found:
        where = " and ".join(f.rules) + (f", {f.step}" if f.step else "")
        typer.echo(f"{f.severity}: {f.check}" + (f" ({where})" if where else ""))
        typer.echo(f"  {f.says}" + (f"\n  e.g. {f.example}" if f.example else ""))
    counts = {s: sum(f.severity == s for f in found) for s in ("error", "warning", "note")}
    console.print(", ".join(f"{n} {s}{'' if n == 1 else 's'}" for s, n in counts.items()))


def test(
    file: PolicyFile,
    scenarios: Annotated[
        list[Path], typer.Argument(exists=True, dir_okay=False, help="Scenarios in YAML, one file or more.")
    ],
    people: Annotated[
        bool, typer.Option("--people", help="Also judge who may sign, by the firm's records.")
    ] = False,
    junit: Annotated[
        Path | None, typer.Option("--junit", dir_okay=False, help="Also write JUnit XML to this file.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Hold a policy against scenarios: which rule, which steps, how many signatures, and whose. Exit code 1
    when one of them fails."""
    from models.policy_scenarios import judge, parse_scenarios
    from models.policy_scenarios import junit as as_junit
    from models.policy_text import parse_policy
    from workflow.policy_scenarios import judge_people

    with ending():
        policy = parse_policy(file.read_text(encoding="utf-8"), file.name)
        cases = [
            (path.name, scenario)
            for path in scenarios
            for scenario in parse_scenarios(path.read_text(encoding="utf-8"), path.name)
        ]
        if people:
            from api.database import SET_UP, place

            with place(settings()).database().tx(SET_UP, "workflow") as tx:
                outcomes = [judge_people(tx, policy, scenario, name) for name, scenario in cases]
        else:
            outcomes = [judge(policy, scenario, name) for name, scenario in cases]
    if junit is not None:
        junit.write_text(as_junit(policy.name, outcomes), encoding="utf-8")
    if as_json:
        print_json([o.model_dump(mode="json") | {"passed": o.passed} for o in outcomes])
    else:
        _show_outcomes(outcomes)
    if not all(o.passed for o in outcomes):
        raise typer.Exit(1)


def _show_outcomes(outcomes: "list[Outcome]") -> None:
    for o in outcomes:
        typer.echo(f"{'pass' if o.passed else 'FAIL'}  {o.name}: {o.rule}")
        for fault in o.faults:
            typer.echo(f"      {fault}")
    unjudged = sum(not o.people_judged for o in outcomes)
    told = f"; of {unjudged} the people were not judged: give --people" if unjudged else ""
    console.print(f"{sum(o.passed for o in outcomes)} of {len(outcomes)} pass{told}", markup=False)
