"""`chargehand policy lint|test|backtest`: what a policy would do, before anybody signs it."""

import re
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.console import AsJson, console, ending, print_json, settings

if TYPE_CHECKING:
    from models.backtest import Backtest
    from models.policy_lint import LintFinding
    from models.policy_scenarios import Outcome
    from workflow.backtest import Load

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


def backtest(
    candidate: PolicyFile,
    against: Annotated[
        str, typer.Option(help="Which proposals: 'last-90-days' or another number of days.")
    ] = "last-90-days",
    limit: Annotated[
        str | None,
        typer.Option(
            "--limit-fewer-eyes", help="The most money that may pass with fewer signatures, e.g. 10000EUR."
        ),
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", dir_okay=False, help="Also write a report to this file.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Replay the proposals that were made under a candidate: what would differ, and what would have passed
    with fewer eyes. Exit code 1 when more than the limit does, or the data cannot rule it out."""
    from dataclasses import asdict
    from datetime import UTC, datetime, timedelta

    from api.database import SET_UP, place
    from models.policy_text import parse_policy
    from workflow.backtest import backtest as replayed

    until = datetime.now(UTC)
    with ending():
        policy = parse_policy(candidate.read_text(encoding="utf-8"), candidate.name)
        most = _limit(limit, policy.currency) if limit is not None else None
        with place(settings()).database().tx(SET_UP, "workflow") as tx:
            found, loads = replayed(tx, policy, until - timedelta(days=_days(against)), until)
    verdict = found.verdict(most) if most is not None else None
    if html is not None:
        from api.cli.policy_report import render

        html.write_text(render(found, loads, most), encoding="utf-8")
    if as_json:
        print_json(
            found.model_dump(mode="json") | {"loads": [asdict(load) for load in loads], "verdict": verdict}
        )
    else:
        _show_backtest(found, loads)
        if most is not None:
            console.print(f"limit {most:,f} {found.currency}: {verdict}")
    if verdict not in (None, "within"):
        raise typer.Exit(1)


def _days(against: str) -> int:
    given = re.fullmatch(r"last-(\d{1,4})-days", against)
    if given is None or not int(given[1]):
        raise typer.BadParameter("say 'last-90-days', or another number of days")
    return int(given[1])


def _limit(said: str, currency: str) -> Decimal:
    given = re.fullmatch(r"(\d+(?:\.\d{1,2})?) ?([A-Z]{3})", said)
    if given is None or given[2] != currency:
        raise typer.BadParameter(f"say an amount in {currency}, as the policy does, e.g. 10000{currency}")
    return Decimal(given[1])


def _show_backtest(found: "Backtest", loads: "list[Load]") -> None:
    eyes = found.fewer_eyes
    typer.echo(
        f"{found.proposals} proposals of {found.clients} clients, "
        f"{found.since:%Y-%m-%d} to {found.until:%Y-%m-%d}"
    )
    if not found.settled:
        typer.echo("Too few to settle anything: read the intervals, not the figures.")
    for fact, count in found.untold.items():
        typer.echo(f"Not judged: {count}, for the {fact} was not recorded then")
    for m in found.moved:
        typer.echo(
            f"  {m.change}: {m.rule_then} ({m.signatures_then}) -> {m.rule_now} ({m.signatures_now}): "
            f"{m.proposals} proposals, {m.amount:,.2f} {found.currency}, "
            f"{m.rejected_or_edited} rejected or edited"
        )
    share = f" ({eyes.share.share:.1%}, {eyes.share.low:.1%} to {eyes.share.high:.1%})" if eyes.share else ""
    if eyes.share_by_client:
        share += f", over clients {eyes.share_by_client[0]:.1%} to {eyes.share_by_client[1]:.1%}"
    typer.echo(
        f"Fewer eyes: {eyes.proposals} proposals{share}, {eyes.amount:,.2f} {found.currency}", nl=False
    )
    low, high = eyes.amount_interval or (None, None)
    typer.echo(
        f" ({low:,.2f} to {high:,.2f})" if low is not None else " (no interval: fewer than two clients)"
    )
    typer.echo(f"  people had rejected {eyes.rejected} and edited {eyes.edited} of them")
    if eyes.without_rate:
        typer.echo(f"  {eyes.without_rate} in a currency without a rate: not in the sum")
    typer.echo(f"Signatures: {found.signatures_then} then, {found.signatures_now} under the candidate")
    for load in loads[:10]:
        typer.echo(f"  {load.name}: {load.then:.1f} then, {load.now:.1f} now")
