"""Answers judged by a language model, by a rubric: only beside labels of people for the same rubric.

A grader's verdicts are worth what they agree with people's, so the answers that people have labelled are
graded first, by the same model with the same words. Where agreement is too low, or there are too few labels,
there is no figure. Inspect does the grading (`model_graded_qa`)."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from math import isnan
from typing import ClassVar, cast

import pandas as pd
from inspect_ai import Task
from inspect_ai import eval as run_tasks
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.log import EvalLog
from inspect_ai.model import GenerateConfig, Model, ModelOutput, get_model
from inspect_ai.scorer import SampleScore, Score, krippendorff_alpha, model_graded_qa
from inspect_ai.solver import Generate, Solver, TaskState, solver
from pydantic import BaseModel, ConfigDict
from sklearn.metrics import cohen_kappa_score

from evals.intervals import interval
from evals.labels import RUBRICS, Item, Label, RubricName, items, majority
from evals.metrics import Metric, mean
from evals.runs import Figure, Run
from evals.subjects import Subject
from models.errors import ChargehandError, Retry

LEAST_LABELS = 60  # answers; fewer leave kappa's interval wider than .4 or so
LEAST_OF_EACH = 12  # of them, of either verdict: kappa says little where nearly all are the same
LEAST_KAPPA = 0.6  # substantial agreement (Landis and Koch, 1977)
LEAST_LOW = 0.4  # of its interval: better than fair, whatever chance did
MOST_UNGRADED = 0.05  # share of answers for which the grader may give no verdict
WORDS: Mapping[bool, str] = {True: "meets", False: "does not"}


class TooFewLabels(ChargehandError):
    """Answers are graded by a model only beside labels of people for the same rubric: '{rubric}' has labels
    for {labelled} answers ({meets} of which meet it), and needs {needed}, {each} at least of either verdict.
    Label them with 'chargehand eval label'; docs/evals.md has the format."""

    status = 422
    retry: ClassVar[Retry] = "with a fix"


class GraderDisagrees(ChargehandError):
    """The grader {grader} agrees too little with people on '{rubric}': kappa {kappa:.2f} ({low:.2f} to
    {high:.2f}) on {rows} answers, where {needed} is needed and {needed_low} at the interval's lower end. Its
    verdicts do not count: take another grader, or make the rubric plainer and label again."""

    status = 422
    retry: ClassVar[Retry] = "with a fix"


class GraderFailed(ChargehandError):
    """The grader {grader} did not give its verdicts: {reason}."""

    status = 503
    retry: ClassVar[Retry] = "later"


class Agreement(BaseModel):
    """How far the grader says what people say."""

    model_config = ConfigDict(frozen=True)

    kappa: Figure  # Cohen's (1960), of the grader and most people: 1 is perfect, 0 is chance
    people: int
    alpha: float | None  # Krippendorff's, of the people among themselves; None where one labelled each answer
    confusion: Mapping[str, Mapping[str, int]]  # what people say -> what the grader says -> how often


class Graded(BaseModel):
    """The share of a run's answers that meet a rubric as a grader sees it, and how far to believe that."""

    model_config = ConfigDict(frozen=True)

    run_id: str
    suite: str
    subject: str
    rubric: RubricName
    grader: str
    meets: Figure
    ungraded: int  # answers without a verdict, which are left out
    agreement: Agreement


def grade(run: Run, rubric: RubricName, grader: Subject, labels: Sequence[Label]) -> Graded:
    """Grade the answers of a run by the model of `grader`.

    Args:
        labels: of people, for the rubric (`evals.labels`); of this run's answers or of others.

    Raises TooFewLabels, GraderDisagrees, GraderFailed."""
    people = _enough(rubric, labels)
    model = _model(grader)
    labelled = [label for label in {label.id: label for label in labels}.values() if label.id in people]
    agreement = _agreement(rubric, grader, labels, _verdicts(labelled, rubric, model, grader.label))
    judged = items(run)
    verdicts = _verdicts(judged, rubric, model, grader.label)
    rows = [(item.cluster, float(verdicts[item.id])) for item in judged if item.id in verdicts]
    return Graded(
        run_id=run.facts.run_id,
        suite=run.facts.suite,
        subject=run.facts.subject,
        rubric=rubric,
        grader=grader.label,
        meets=_figure(Metric(rubric, "", mean("meets")), pd.DataFrame(rows, columns=["cluster", "meets"])),
        ungraded=len(judged) - len(rows),
        agreement=agreement,
    )


def _enough(rubric: RubricName, labels: Sequence[Label]) -> dict[str, bool]:
    """What most people say. Raises TooFewLabels."""
    people = majority(labels)
    meets = sum(people.values())
    if len(people) < LEAST_LABELS or min(meets, len(people) - meets) < LEAST_OF_EACH:
        raise TooFewLabels(
            rubric=rubric, labelled=len(people), meets=meets, needed=LEAST_LABELS, each=LEAST_OF_EACH
        )
    return people


def _agreement(
    rubric: RubricName, grader: Subject, labels: Sequence[Label], verdicts: Mapping[str, bool]
) -> Agreement:
    """Raises GraderDisagrees."""
    people, cluster = majority(labels), {label.id: label.cluster for label in labels}
    table = pd.DataFrame(
        [(cluster[id], people[id], said) for id, said in verdicts.items()],
        columns=["cluster", "people", "grader"],
    )
    kappa = _figure(Metric("kappa", "Cohen's kappa", _kappa), table)
    value, low = kappa.value or 0.0, kappa.low if kappa.low is not None else -1.0
    if value < LEAST_KAPPA or low < LEAST_LOW:
        raise GraderDisagrees(
            grader=grader.label,
            rubric=rubric,
            kappa=value,
            low=low,
            high=kappa.high if kappa.high is not None else 1.0,
            rows=kappa.rows,
            needed=LEAST_KAPPA,
            needed_low=LEAST_LOW,
        )
    confusion = {
        WORDS[a]: {
            WORDS[b]: int(((table["people"] == a) & (table["grader"] == b)).sum()) for b in (True, False)
        }
        for a in (True, False)
    }
    return Agreement(
        kappa=kappa, people=len({label.by for label in labels}), alpha=_alpha(labels), confusion=confusion
    )


def _kappa(table: pd.DataFrame) -> float:
    people, grader = table["people"].to_numpy(bool), table["grader"].to_numpy(bool)
    if people.all() or not people.any():
        return float("nan")
    return float(cohen_kappa_score(people, grader))


def _alpha(labels: Sequence[Label]) -> float | None:
    """Krippendorff's alpha of what several people said of the same answers."""
    by_item: dict[str, list[str]] = {}
    for label in labels:
        by_item.setdefault(label.id, []).append(WORDS[label.meets])
    scores = [SampleScore(score=Score(value=list(said))) for said in by_item.values() if len(said) > 1]
    alpha = cast(Callable[[list[SampleScore]], float], krippendorff_alpha())
    return alpha(scores) if scores else None


def _model(grader: Subject) -> Model:
    settings = grader.settings()
    if settings is None:
        raise GraderFailed(grader=grader.label, reason="rules cannot grade; name a language model")
    return get_model(
        f"openai-api/grader/{settings.model}",
        base_url=settings.base_url or "https://api.openai.com/v1",
        api_key=settings.api_key or "none",
        config=GenerateConfig(temperature=settings.temperature, max_retries=settings.retries, timeout=120),
        memoize=False,
    )


def _verdicts(judged: Sequence[Item], rubric: RubricName, model: Model, grader: str) -> dict[str, bool]:
    """Whether each answer meets the rubric, by item; those without a verdict are left out. Raises
    GraderFailed where those are many."""
    with tempfile.TemporaryDirectory(prefix="chargehand-graded-") as scratch:
        (log,) = run_tasks(
            _task(judged, rubric, model),
            model=None,
            log_dir=scratch,
            display="none",
            score_display=False,
            log_level="error",
            fail_on_error=True,
        )
        if log.status != "success":
            raise GraderFailed(grader=grader, reason=log.error.message if log.error else log.status)
        verdicts = dict(_said(log))  # read while its file is there
    missing = len(judged) - len(verdicts)
    if missing > MOST_UNGRADED * len(judged):
        raise GraderFailed(grader=grader, reason=f"no verdict on {missing} of {len(judged)} answers")
    return verdicts


def _task(judged: Sequence[Item], rubric: RubricName, model: Model) -> Task:
    answers = {item.id: item.answer for item in judged}

    @solver(name="given")
    def given() -> Solver:
        async def solve(state: TaskState, generate: Generate) -> TaskState:
            state.output = ModelOutput.from_content("given", answers[str(state.sample_id)])
            return state

        return solve

    return Task(
        name=f"graded-{rubric}",
        dataset=MemoryDataset(
            [Sample(id=item.id, input=item.question, target=RUBRICS[rubric]) for item in judged]
        ),
        solver=given(),
        scorer=model_graded_qa(model=model),
    )


def _said(log: EvalLog) -> list[tuple[str, bool]]:
    scores = [
        (str(sample.id), score) for sample in log.samples or () for score in (sample.scores or {}).values()
    ]
    return [(id, score.value == "C") for id, score in scores if isinstance(score.value, str)]


def _figure(metric: Metric, table: pd.DataFrame) -> Figure:
    value = metric.of(table)
    low_high = interval(metric, table) or (None, None)
    return Figure(
        value=None if isnan(value) else value,
        low=low_high[0],
        high=low_high[1],
        rows=len(table),
        clusters=table["cluster"].nunique(),
    )
