"""What a run says for a promotion, as facts that a proposal holds. A run that does not speak for it is
refused here, before anybody is asked to sign."""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from textwrap import shorten
from typing import ClassVar

from evals.baselines import of_run
from evals.compare import Comparison, Difference, Flip, NotComparable, compare
from evals.gate import Broken, hold
from evals.limits import GATES, limits
from evals.runs import Run, RunAltered, UnknownRun, load_run, runs
from evals.subjects import RULES
from evals.suite import cards, suite
from models.actions import PromoteVersion
from models.errors import ChargehandError, Retry
from models.promotion import MOST_LOST, Compared, Figure, LostRow, Measured, Slice, Standing
from prompts.loader import Prompt, parsed
from workflow.errors import SmallRun

OLDEST = timedelta(days=30)  # a run says how the Chargehand of its day answered
TEXT_CHARACTERS = 160  # of a lost row


class PromptWithoutSuite(ChargehandError):
    """No suite tests the prompt {prompt}, so nothing speaks for another version of it. Write one, and name
    the prompt in its card: 'chargehand eval new NAME' begins one."""

    status = 422
    retry: ClassVar[Retry] = "with a fix"


class RunOfAnotherSuite(ChargehandError):
    """The run {run} is of the suite {suite}, which does not test the prompt {prompt}; {suites} do."""

    status = 422
    retry: ClassVar[Retry] = "with a fix"


class RunOfAnotherText(ChargehandError):
    """The run {run} was instructed by {used}, not by {prompt}: run the suite with this version."""

    status = 422
    retry: ClassVar[Retry] = "with a fix"


class RunReadNoPrompt(ChargehandError):
    """The run {run} is of the rules, which read no prompt: run the suite with a language model, e.g.
    --subject model=NAME,base_url=URL,prompt.{prompt}={version}."""

    status = 422
    retry: ClassVar[Retry] = "with a fix"


class RunTooOld(ChargehandError):
    """The run {run} is of {day}: after thirty days it says little about what answers today. Run the suite
    again."""

    status = 422
    retry: ClassVar[Retry] = "with a fix"


class NothingToCompareWith(ChargehandError):
    """No run of {suite} is kept in which {subject} was instructed by what is in force, {version}: run the
    whole suite with --subject {words}."""

    status = 422
    retry: ClassVar[Retry] = "with a fix"


class PastLimits(ChargehandError):
    """The run {run} is past the limits of its suite, so it cannot be proposed: {broken}. What was in force
    before can always be proposed again."""

    status = 422
    retry: ClassVar[Retry] = "with a fix"


def suites_of(prompt: str) -> tuple[str, ...]:
    """The suites whose cards say that they test the prompt."""
    return tuple(name for name, card in cards().items() if prompt in card.prompts)


def runs_of(prompt: Prompt, folder: Path, names: Collection[str]) -> Iterator[Run]:
    """The runs of whole suites in which a language model was instructed by this text, the newest first."""
    for run in reversed(list(runs(folder))):
        facts = run.facts
        reads = facts.versions.get("model") != RULES and _instructed_by(run, prompt.name) == prompt.label
        if reads and facts.suite in names and not facts.small:
            yield run


def prompt_promotion(
    prompt: Prompt, standing: Standing, run: Run, folder: Path, *, returns: bool, why: str, now: datetime
) -> PromoteVersion:
    """The proposal of a prompt, with a run of `folder` by what is in force to compare with. `returns`: it was
    in force before, and no limit or age stands in its way.

    Raises SmallRun, PromptWithoutSuite, RunOfAnotherSuite, RunReadNoPrompt, RunOfAnotherText, RunTooOld,
    NothingToCompareWith, PastLimits, NotComparable."""
    suites, facts = suites_of(prompt.name), run.facts
    if facts.small:
        raise SmallRun(run=facts.run_id)
    if not suites:
        raise PromptWithoutSuite(prompt=prompt.name)
    if facts.suite not in suites:
        raise RunOfAnotherSuite(
            run=facts.run_id, suite=facts.suite, prompt=prompt.name, suites=" and ".join(suites)
        )
    if facts.versions.get("model", RULES) == RULES:
        raise RunReadNoPrompt(run=facts.run_id, prompt=prompt.name, version=prompt.version)
    if (used := _instructed_by(run, prompt.name)) != prompt.label:
        raise RunOfAnotherText(run=facts.run_id, used=used, prompt=prompt.label)
    in_force = parsed(prompt.name, int(standing.version.removeprefix("v")), standing.text)
    before = next((r for r in runs_of(in_force, folder, [facts.suite]) if _alike(r, run, prompt.name)), None)
    if before is None:
        model = facts.versions["model"]
        words = f"model={model},base_url=URL,prompt.{prompt.name}={in_force.version}"
        raise NothingToCompareWith(suite=facts.suite, subject=model, version=in_force.label, words=words)
    if not returns:
        _check(run, before, now)
    return PromoteVersion(
        what="prompt",
        name=prompt.name,
        version=f"v{prompt.version}",
        sha256=prompt.sha256,
        text=prompt.content,
        replaces=standing,
        measured=measured(run),
        compared=compared(compare(before, run)),
        returns=returns,
        why=why,
    )


def baseline_promotion(
    run: Run, standing: Standing | None, folder: Path, *, returns: bool, why: str, now: datetime
) -> PromoteVersion:
    """The proposal of a run as its suite's baseline, compared with the one in force where that is kept in
    `folder` and has a case in common. Raises SmallRun, RunTooOld, PastLimits."""
    if run.facts.small:
        raise SmallRun(run=run.facts.run_id)
    before, reason = _baseline_kept(standing, folder)
    comparison: Comparison | None = None
    if before:
        try:
            comparison = compare(before, run)
        except NotComparable as e:
            before, reason = None, e.sentence
    if not returns:
        _check(run, before, now)
    return PromoteVersion(
        what="baseline",
        name=run.facts.suite,
        version=run.facts.run_id,
        sha256=run.sha256,
        replaces=standing,
        measured=measured(run),
        compared=compared(comparison) if comparison else None,
        not_compared=reason,
        returns=returns,
        why=why,
    )


def measured(run: Run) -> Measured:
    """What the run found, by the metric that decides."""
    facts = run.facts
    metric, figure = next(iter(facts.figures.items()))
    if figure.value is None:
        raise NotComparable(before=facts.run_id, after="anything", reason=f"its {metric} is not defined")
    return Measured(
        run_id=facts.run_id,
        sha256=run.sha256,
        suite=facts.suite,
        subject=facts.subject,
        small=facts.small,
        cases=facts.cases,
        metric=metric,
        better=suite(facts.suite).metrics[0].better,
        figure=Figure(value=figure.value, low=figure.low, high=figure.high),
        started_at=facts.started_at,
        code=facts.code,
    )


def compared(comparison: Comparison) -> Compared:
    """The deciding difference, what was lost, and for whom it got worse."""
    deciding, before = comparison.differences[0], comparison.before
    return Compared(
        run_id=before.facts.run_id,
        sha256=before.sha256,
        difference=_figure(deciding),
        verdict=deciding.verdict,
        cases=deciding.cases,
        gained=len(comparison.gained),
        lost=len(comparison.lost),
        lost_rows=tuple(map(_lost, comparison.lost[:MOST_LOST])),
        worse_slices=tuple(
            Slice(
                group=s.group,
                value=s.value,
                difference=_figure(s.difference),
                verdict=s.difference.verdict,
            )
            for s in comparison.worse_slices
        ),
    )


def _check(run: Run, before: Run | None, now: datetime) -> None:
    """Raises RunTooOld, PastLimits."""
    facts = run.facts
    if now - facts.started_at > OLDEST:
        raise RunTooOld(run=facts.run_id, day=f"{facts.started_at:%Y-%m-%d}")
    held = hold(run, of_run(before) if before else None, limits(GATES).of(facts.suite))
    if held.broken:
        raise PastLimits(run=facts.run_id, broken="; ".join(map(_broken, held.broken)))


def _broken(broken: Broken) -> str:
    rows = f" ({', '.join(broken.rows[:MOST_LOST])})" if broken.rows else ""
    return f"{broken.limit}: {broken.reason}{rows}"


def _baseline_kept(standing: Standing | None, folder: Path) -> tuple[Run | None, str]:
    """The run that is the baseline in force, or why there is none to compare with."""
    if standing is None:
        return None, ""
    try:
        found = load_run(folder, standing.version)
    except (UnknownRun, RunAltered) as e:
        return None, e.sentence
    if found.sha256 != standing.sha256:
        return None, f"the run {standing.version} that is kept here is not the one that was promoted"
    return found, ""


def _alike(before: Run, after: Run, prompt: str) -> bool:
    """Whether all that decides what was answered is the same, but for the prompt."""

    def others(run: Run) -> dict[str, object]:
        used = {k: v for k, v in run.facts.versions.get("prompt", {}).items() if k != prompt}
        return {**run.facts.versions, "prompt": used}

    return others(before) == others(after)


def _instructed_by(run: Run, prompt: str) -> str:
    return str(run.facts.versions.get("prompt", {}).get(prompt, "nothing"))


def _figure(of: Difference) -> Figure:
    return Figure(value=of.difference, low=of.low, high=of.high)


def _lost(flip: Flip) -> LostRow:
    """A firm's own records stay where they are: of such a row a proposal, which is kept for ever, has the id
    alone."""
    row = flip.after
    own = row.groups.get("source") in ("own records", "production")
    return LostRow(
        case=row.id,
        text="a record of the firm's own" if own else shorten(row.text, TEXT_CHARACTERS),
        fault="see the run" if own else shorten(row.verdict.fault or row.verdict.got, TEXT_CHARACTERS),
    )
