"""Weekly status reports as project managers write them: each author has a voice, some slips of the pen, and
a habit of calling things better than they are."""

from __future__ import annotations

import random
import re
import string
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from typing import Literal

from demo.project_facts import ProjectFacts
from demo.records import Person, Project
from demo.setting import Setting, text
from demo.stories import Stage, Story

Rag = Literal["green", "amber", "red"]


@dataclass(frozen=True)
class Report:
    """A status report. `planted` holds the sentences, as they stand in the text, that speak of the story."""

    report_id: str
    project: Project
    reported_on: date
    author_id: str
    text: str
    rag: Rag
    stage: Stage
    planted: tuple[str, ...]


@dataclass(frozen=True)
class _Voice:
    name: str
    length: int  # sentences beside the planted ones
    slips: float  # chance of a slip a sentence
    optimism: float  # chance of calling it a shade better


@dataclass(frozen=True)
class _Pen:
    """Words sentences for one report."""

    rng: random.Random
    voice: _Voice
    slots: dict[str, object]
    told: list[str]  # templates used so far in the project's reports

    def draw(self, pool: list[str], size: int, **fixed: object) -> list[str]:
        """Sentences from a pool of templates, those not used lately and whose slots are known."""
        slots = {**self.slots, **fixed}
        usable = [p for p in pool if _fields(p) <= slots.keys()]
        fresh = [p for p in usable if p not in self.told[-20:]]
        chosen = self.rng.sample(fresh, min(size, len(fresh)))
        if len(chosen) < size:
            stale = [p for p in usable if p not in chosen]
            chosen += self.rng.sample(stale, min(size - len(chosen), len(stale)))
        self.told.extend(chosen)
        return [self._slip(_as_sentence(p.format(**slots))) for p in chosen]

    def _slip(self, sentence: str) -> str:
        """Now and then one of the author's words comes out wrong."""
        if self.rng.random() >= self.voice.slips:
            return sentence
        typos: dict[str, str] = text("reports")["typos"]
        able = [word for word in typos if re.search(rf"\b{word}\b", sentence)]
        if not able:
            return sentence
        word = self.rng.choice(able)
        return re.sub(rf"\b{word}\b", typos[word], sentence, count=1)


def _as_sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


@cache
def _fields(template: str) -> frozenset[str]:
    return frozenset(name for _, name, _, _ in string.Formatter().parse(template) if name)


def report(
    setting: Setting, facts: ProjectFacts, people: list[Person], projects: list[Project], stories: list[Story]
) -> list[Report]:
    """All reports, numbered by date. Running projects have one for each of the last weeks."""
    desk = _Desk(setting, facts, people, stories)
    made = [r for project in projects for r in desk.reports(project)]
    made.sort(key=lambda r: (r.reported_on, r.project.project_id))
    return [replace(r, report_id=f"SR-{n:04d}") for n, r in enumerate(made, 1)]


class _Desk:
    """Writes each project's reports from what the records say about its weeks."""

    def __init__(
        self, setting: Setting, facts: ProjectFacts, people: list[Person], stories: list[Story]
    ) -> None:
        self.setting = setting
        self.facts = facts
        self.stories = {s.project.project_id: s for s in stories}
        self.people = {p.person_id: p for p in people}

    def reports(self, project: Project) -> Iterator[Report]:
        """A project's reports, on the Fridays of its cadence and whenever there is trouble."""
        rng = self.setting.random(f"reports/{project.project_id}")
        voice = self._voice(project.manager_id)
        story = self.stories.get(project.project_id)
        recent = self.setting.today - timedelta(days=70)
        cadence = rng.choice((2, 4, 4, 5))
        told: list[str] = []  # the templates used last
        for week, friday in enumerate(_fridays(self.setting, project)):
            stage = story.stage(friday) if story else "quiet"
            if friday < recent and stage in ("quiet", "recovering") and week % cadence:
                continue
            wobble = stage == "quiet" and rng.random() < 0.09
            slots = self.facts.of(rng, project, friday)
            slots["author"] = self.people[project.manager_id].name.partition(" ")[0]
            pen = _Pen(rng, voice, slots, told)
            body, planted = _compose(pen, stage, story, wobble=wobble)
            yield Report(
                report_id="",
                project=project,
                reported_on=friday,
                author_id=project.manager_id,
                text=body,
                rag=_rag(rng, voice, stage, story, friday, wobble=wobble),
                stage=stage,
                planted=planted,
            )

    def _voice(self, author_id: str) -> _Voice:
        """An author's voice is the same in all their reports."""
        rng = self.setting.random(f"voice/{author_id}")
        return _Voice(
            name=rng.choice(list(text("reports")["voices"])),
            length=rng.choice((2, 3, 3, 4, 5, 7)),
            slips=rng.choice((0.0, 0.0, 0.04, 0.12)),
            optimism=rng.choice((0.0, 0.1, 0.2, 0.45)),
        )


def _fridays(setting: Setting, project: Project) -> Iterator[date]:
    """Fridays from the project's second week, or the record's first, to the last before today."""
    first = max(project.starts_on, setting.first_day) + timedelta(days=7)
    friday = first + timedelta(days=(4 - first.weekday()) % 7)
    while friday <= min(project.ends_on, setting.last_day):
        yield friday
        friday += timedelta(days=7)


def _rag(
    rng: random.Random, voice: _Voice, stage: Stage, story: Story | None, friday: date, *, wobble: bool
) -> Rag:
    """The rating that the author gives, which follows the facts with a delay."""
    if stage == "biting" and story:
        deep = (friday - story.bites_on).days >= 10
        rag: Rag = "red" if deep or rng.random() < 0.35 else "amber"
    elif stage == "visible":
        rag = "amber" if rng.random() < 0.8 else "green"
    elif stage == "recovering":
        rag = "amber" if rng.random() < 0.6 else "green"
    elif wobble:
        rag = "amber"
    else:
        rag = "amber" if rng.random() < (0.1 if stage == "hint" else 0.03) else "green"
    if rng.random() < voice.optimism:
        rag = {"red": "amber", "amber": "green", "green": "green"}[rag]  # type: ignore[assignment]
    return rag


def _compose(pen: _Pen, stage: Stage, story: Story | None, *, wobble: bool) -> tuple[str, tuple[str, ...]]:
    """The text, and the sentences in it that speak of the story."""
    phrases, rng = text("reports"), pen.rng
    issues: list[str] = []
    if story and stage in ("hint", "visible", "biting") and (stage != "hint" or rng.random() < 0.85):
        size = {"hint": 1, "visible": 2, "biting": rng.choice((1, 2))}[stage]
        issues = pen.draw(phrases["kinds"][story.trouble][stage], size, system=story.project.systems[0])
    planted = tuple(issues)
    if stage == "recovering":
        issues = pen.draw(phrases["recovering"], 1)
    if wobble:
        issues += pen.draw(phrases["wobble"], 1)
    cheer = {"biting": 0.25, "visible": 0.4}.get(stage, 0.5)
    good = sum(rng.random() < cheer for _ in range(pen.voice.length))
    progress = pen.draw(phrases["good"], good) + pen.draw(phrases["routine"], pen.voice.length - good)
    rng.shuffle(progress)
    outlook = pen.draw(phrases["next"], 1) if rng.random() < 0.7 else []
    return _arranged(pen, progress, issues, outlook), planted


def _arranged(pen: _Pen, progress: list[str], issues: list[str], outlook: list[str]) -> str:
    """Puts the sentences into the order and shape of the author's voice."""
    phrases, rng = text("reports"), pen.rng
    form = phrases["voices"][pen.voice.name]
    opening = rng.choice(form["openings"]).format(**pen.slots)
    closing = rng.choice(form["closings"]).format(**pen.slots)
    if form.get("headed"):
        parts = {"progress": progress, "issues": issues, "next": outlook}
        blocks = [f"{phrases['headings'][k]}\n{' '.join(v)}" for k, v in parts.items() if v]
        return "\n\n".join(b for b in (opening, *blocks, closing) if b)
    at = rng.randint(0, len(progress))
    lines = [*progress[:at], *issues, *progress[at:], *outlook]
    if form["bullets"]:
        return "\n".join(b for b in (opening, *(f"- {line}" for line in lines), closing) if b)
    return " ".join(b for b in (opening, *lines) if b) + (f"\n{closing}" if closing else "")
