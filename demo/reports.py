"""Weekly status reports as project managers write them: each author has a voice, some slips of the pen, and
a habit of calling things better than they are."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Literal

from demo.records import Person, Project
from demo.setting import Setting, text
from demo.stories import Stage, Story
from demo.time_entries import Entries

Rag = Literal["green", "amber", "red"]
Hours = dict[tuple[str, date], int]  # by project and the Monday of the week


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


def weekly_hours(setting: Setting, projects: list[Project], entries: Entries) -> Hours:
    """Hours recorded by project and week."""
    found: dict[tuple[int, int], int] = {}
    weekday = setting.first_day.weekday()
    keys = zip(entries.project.tolist(), ((entries.day + weekday) // 7).tolist(), strict=True)
    for key, minutes in zip(keys, entries.minutes.tolist(), strict=True):
        found[key] = found.get(key, 0) + minutes
    monday = setting.first_day - timedelta(days=weekday)
    return {
        (projects[n].project_id, monday + timedelta(weeks=week)): minutes // 60
        for (n, week), minutes in found.items()
    }


def report(
    setting: Setting, people: list[Person], projects: list[Project], stories: list[Story], hours: Hours
) -> list[Report]:
    """All reports, numbered by date. Running projects have one for each of the last weeks."""
    desk = _Desk(setting, people, stories, hours)
    made = [r for project in projects for r in desk.reports(project)]
    made.sort(key=lambda r: (r.reported_on, r.project.project_id))
    return [replace(r, report_id=f"SR-{n:04d}") for n, r in enumerate(made, 1)]


class _Desk:
    def __init__(self, setting: Setting, people: list[Person], stories: list[Story], hours: Hours) -> None:
        self.setting = setting
        self.stories = {s.project.project_id: s for s in stories}
        self.hours = hours
        self.people = {p.person_id: p for p in people}
        self.colleagues: dict[str, list[str]] = {}
        for person in people:
            if person.role and person.ends_on is None:
                self.colleagues.setdefault(person.practice, []).append(person.name.split(" ")[0])

    def reports(self, project: Project) -> Iterator[Report]:
        """A project's reports, on the Fridays of its cadence."""
        rng = self.setting.random(f"reports/{project.project_id}")
        voice = self._voice(project.manager_id)
        used = 0
        recent = self.setting.today - timedelta(days=70)
        story = self.stories.get(project.project_id)
        cadence = rng.choice((2, 3, 4, 4))
        recently_told: list[str] = []
        for week, friday in enumerate(_fridays(self.setting, project)):
            hours = self.hours.get((project.project_id, friday - timedelta(days=4)), 0)
            used += hours
            stage = story.stage(friday) if story else "quiet"
            if not (friday >= recent or stage in ("hint", "visible", "biting") or week % cadence == 0):
                continue
            wobble = stage == "quiet" and rng.random() < 0.09
            slots = self._slots(rng, project, friday, hours, used)
            body, planted = _compose(rng, voice, stage, story, slots, wobble, recently_told)
            yield Report(
                report_id="",
                project=project,
                reported_on=friday,
                author_id=project.manager_id,
                text=body,
                rag=_rag(rng, voice, stage, story, friday, wobble),
                stage=stage,
                planted=planted,
            )

    def _voice(self, author_id: str) -> _Voice:
        """An author's voice is the same in all their reports."""
        rng = self.setting.random(f"voice/{author_id}")
        return _Voice(
            name=rng.choice(list(text("reports")["voices"])),
            length=rng.choice((2, 3, 3, 4, 5, 7)),
            slips=rng.choice((0.0, 0.0, 0.03, 0.08)),
            optimism=rng.choice((0.0, 0.1, 0.2, 0.45)),
        )

    def _slots(
        self, rng: random.Random, project: Project, friday: date, hours: int, used: int
    ) -> dict[str, object]:
        agreed = project.agreed
        progress = (friday - project.starts_on).days / max(1, (project.ends_on - project.starts_on).days)
        at = min(len(agreed) - 2, max(0, round(progress * (len(agreed) - 1))))
        extra = project.extras[rng.randrange(len(project.extras))]
        names = [c.split(" ")[0] for c in project.client.contacts]
        return {
            "package": _inner(agreed[at].title),
            "next_package": _inner(agreed[min(len(agreed) - 1, at + 1)].title),
            "system": rng.choice(project.systems),
            "contact": names[0],
            "contact2": names[1],
            "client": project.client.short,
            "colleague": rng.choice(self.colleagues[project.practice]),
            "extra": _inner(extra.title),
            "hours": hours,
            "burn": round(100 * used / max(1, project.budget_hours)),
            "n": rng.randint(2, 9),
            "team": max(2, round(hours / 30)),
            "day": f"{friday + timedelta(days=rng.choice((7, 12, 14, 19))):%d %b}",
            "author": self.people[project.manager_id].name.split(" ")[0],
        }


def _fridays(setting: Setting, project: Project) -> Iterator[date]:
    """Fridays from the project's second week, or the record's first, to the last before today."""
    first = max(project.starts_on, setting.first_day) + timedelta(days=7)
    friday = first + timedelta(days=(4 - first.weekday()) % 7)
    while friday <= min(project.ends_on, setting.last_day):
        yield friday
        friday += timedelta(days=7)


def _inner(title: str) -> str:
    """A title inside a sentence: without its capital, unless that is a name's."""
    first = title.partition(" ")[0]
    keeps = any(c.isupper() for c in first[1:]) or first in ("Snowflake", "Kubernetes", "Terraform", "Welsh")
    return title if keeps else title[0].lower() + title[1:]


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def _rag(
    rng: random.Random, voice: _Voice, stage: Stage, story: Story | None, friday: date, wobble: bool
) -> Rag:
    """The rating that the author gives, which follows the facts with a delay."""
    if stage == "biting" and story:
        deep = (friday - story.bites_on).days >= 7
        rag: Rag = "red" if deep or rng.random() < 0.45 else "amber"
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


def _compose(
    rng: random.Random,
    voice: _Voice,
    stage: Stage,
    story: Story | None,
    slots: dict[str, object],
    wobble: bool,
    told: list[str],
) -> tuple[str, tuple[str, ...]]:
    """The text, and the sentences in it that speak of the story."""
    phrases = text("reports")

    def draw(pool: list[str], size: int) -> list[str]:
        fresh = [p for p in pool if p not in told[-14:]] or pool
        chosen = rng.sample(fresh, min(size, len(fresh)))
        told.extend(chosen)
        return [_slip(rng, voice, _capital(p.format(**slots))) for p in chosen]

    issues: list[str] = []
    if story and stage in ("hint", "visible", "biting"):
        pool = phrases["kinds"][story.trouble][stage]
        size = {"hint": 1, "visible": 2, "biting": rng.choice((1, 2))}[stage]
        if stage != "hint" or rng.random() < 0.85:
            issues = draw(pool, size)
    planted = tuple(issues)
    if stage == "recovering":
        issues = draw(phrases["recovering"], 1)
    if wobble:
        issues += draw(phrases["wobble"], 1)
    cheer = {"biting": 0.25, "visible": 0.4}.get(stage, 0.55)
    good = sum(rng.random() < cheer for _ in range(voice.length))
    progress = draw(phrases["good"], good) + draw(phrases["routine"], voice.length - good)
    rng.shuffle(progress)
    outlook = draw(phrases["next"], 1) if rng.random() < 0.7 else []
    return _arranged(rng, phrases, voice, slots, progress, issues, outlook), planted


def _arranged(
    rng: random.Random,
    phrases: dict[str, Any],
    voice: _Voice,
    slots: dict[str, object],
    progress: list[str],
    issues: list[str],
    outlook: list[str],
) -> str:
    """Puts the sentences into the order and shape of the author's voice."""
    form = phrases["voices"][voice.name]
    opening = rng.choice(form["openings"]).format(**slots)
    closing = rng.choice(form["closings"]).format(**slots)
    if form.get("headed"):
        parts = {"progress": progress, "issues": issues, "next": outlook}
        blocks = [f"{phrases['headings'][k]}\n{' '.join(v)}" for k, v in parts.items() if v]
        return "\n\n".join(b for b in (opening, *blocks, closing) if b)
    at = rng.randint(0, len(progress))
    lines = [*progress[:at], *issues, *progress[at:], *outlook]
    if form["bullets"]:
        return "\n".join(b for b in (opening, *(f"- {line}" for line in lines), closing) if b)
    return " ".join(b for b in (opening, *lines) if b) + (f"\n{closing}" if closing else "")


def _slip(rng: random.Random, voice: _Voice, sentence: str) -> str:
    """Now and then one of the author's words comes out wrong."""
    if rng.random() >= voice.slips * 3:
        return sentence
    typos: dict[str, str] = text("reports")["typos"]
    able = [word for word in typos if re.search(rf"\b{word}\b", sentence)]
    if not able:
        return sentence
    word = rng.choice(able)
    return re.sub(rf"\b{word}\b", typos[word], sentence, count=1)
