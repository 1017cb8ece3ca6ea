"""What people say of answers by a rubric: a JSONL file, a line for each verdict of a person on an answer.

    {"rubric": "faithful", "id": "risk/firm/SR-0013/1/5f2c...", "cluster": "PJ-002", "question": "...",
     "answer": "...", "by": "km", "meets": true}

The words that were judged stand in the line, and the id holds their hash: answers change from run to run."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from evals.cases import Row, Step
from evals.runs import Run
from models.formats.jsonl import read_jsonl

RubricName = Literal["faithful", "reads_well"]
RUBRICS: Mapping[RubricName, str] = {
    "faithful": "Every statement of the submission is carried by the evidence and the findings in the task: "
    "no number, name, date, cause or promise in it goes beyond them, and it leaves out nothing that would "
    "turn its meaning round. That it is polite or complete does not matter.",
    "reads_well": "Somebody who runs projects and has half a minute understands the submission at first "
    "reading and knows what to do next: plain words, the point first, nothing said twice. Whether it is true "
    "does not matter.",
}
LONGEST = 6000  # characters of a task that are shown to the judge of an answer


class Item(BaseModel):
    """An answer to be judged by a rubric, and what it answers."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    cluster: str
    question: str
    answer: str


class Label(Item):
    """A person's verdict on it."""

    rubric: RubricName
    by: str = Field(min_length=1)  # initials or a pseudonym
    meets: bool


def items(run: Run) -> tuple[Item, ...]:
    """The answers of a run that were given in words, as far as their rows' traces tell."""
    return tuple(item for item, _ in _with_verdicts(run))


def drawn(run: Run, size: int, seed: int = 0) -> tuple[Item, ...]:
    """Answers for people to judge, at random, half of them from rows that passed as far as there are: the
    same ones each time."""
    halves: tuple[list[Item], list[Item]] = ([], [])
    for item, passed in _with_verdicts(run):
        halves[passed].append(item)
    random = Random(seed)
    for half in halves:
        random.shuffle(half)
    fewer = min(size // 2, *map(len, halves))
    chosen = [item for half in halves for item in half[:fewer]]
    rest = [item for half in halves for item in half[fewer:]]
    chosen += random.sample(rest, min(size - len(chosen), len(rest)))
    random.shuffle(chosen)
    return tuple(chosen)


def read_labels(path: Path, rubric: RubricName) -> list[Label]:
    """The labels of a rubric. Raises BadInput, also where a person judged an answer twice."""
    found = read_jsonl(path, Label, key=("rubric", "id", "by"))
    return [label for label in found if label.rubric == rubric]


def add_label(path: Path, label: Label) -> None:
    """Append a verdict to the file, which is made where there is none."""
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(label.model_dump(), ensure_ascii=False) + "\n")


def majority(labels: Sequence[Label]) -> dict[str, bool]:
    """What most people say of each item; items that they are divided on are left out."""
    votes = Counter[str]()
    for label in labels:
        votes[label.id] += 1 if label.meets else -1
    return {id: sum_ > 0 for id, sum_ in votes.items() if sum_}


def _with_verdicts(run: Run) -> Iterator[tuple[Item, bool]]:
    for row in run.rows:
        if item := _item(run.facts.suite, row):
            yield item, row.verdict.passed


def _item(suite: str, row: Row) -> Item | None:
    """The row's last words, and all that came before them."""
    said = [n for n, step in enumerate(row.trace) if step.kind in ("answered", "asked") and step.text]
    found = [n for n, step in enumerate(row.trace) if step.kind == "found" and step.text]
    if not (said or found):
        return None
    at = (said or found)[-1]
    question, answer = "\n".join([row.text, *_told(row.trace[:at])])[:LONGEST], row.trace[at].text
    sha = sha256(f"{question}\0{answer}".encode()).hexdigest()[:12]
    return Item(
        id=f"{suite}/{row.id}/{row.epoch}/{sha}", cluster=row.cluster, question=question, answer=answer
    )


def _told(trace: Sequence[Step]) -> Iterator[str]:
    for step in trace:
        data = f" {json.dumps(dict(step.data), ensure_ascii=False, default=str)}" if step.data else ""
        yield f"[{step.kind} {step.by}] {step.text}{data}"
