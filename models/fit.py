"""How well a person fits a role: a transparent score of skill, role, free time and experience, with the
reasons, and for those who miss the shortlist, what would have brought them onto it.

The weights are stated here and shown to whoever asks; cost is not among them, so that a cheap person is never
'a better fit': cost and margin stand beside the fit and the reader weighs them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

WEIGHTS: Mapping[str, float] = {"skills": 0.45, "free": 0.30, "role": 0.15, "experience": 0.10}
FULL_LEVEL = 4  # the level that counts as full where none was asked for
STALE_YEARS = 3.0  # a skill not used for so long counts half


@dataclass(frozen=True)
class SkillHeld:
    skill: str
    level: int  # 1 to 5
    last_used_on: date | None


@dataclass(frozen=True)
class Week:
    monday: date
    free_hours: Decimal  # capacity less bookings and leave; never below 0
    held_hours: Decimal  # of the free hours, held for other work but not booked
    leave_days: int


@dataclass(frozen=True)
class Wanted:
    """What the role asks for."""

    role: str
    skills: Mapping[str, int]  # name -> least level; 0 where none was said
    starts_on: date
    ends_on: date
    hours_per_week: Decimal


@dataclass(frozen=True)
class Candidate:
    """What is known of a person that matters to the role."""

    person_id: str
    skills: Sequence[SkillHeld]  # those that were asked for
    weeks: Sequence[Week]
    role_likeness: float  # 0 to 1, of the person's title and the role's name
    past_weeks_with_client: int
    past_weeks_in_role: int


@dataclass(frozen=True)
class Fit:
    """The score in parts, each 0 to 1, and in words."""

    person_id: str
    score: float
    parts: Mapping[str, float]
    strengths: tuple[str, ...]
    gaps: tuple[str, ...]
    free_hours: Decimal  # the least of any week
    average_free_hours: Decimal


def fit(candidate: Candidate, wanted: Wanted) -> Fit:
    """Score one person for the role."""
    held = {s.skill.lower(): s for s in candidate.skills}
    levels = [
        _skill_part(held.get(name.lower()), least, wanted.starts_on) for name, least in wanted.skills.items()
    ]
    need = wanted.hours_per_week
    covered = [min(float(w.free_hours / need), 1.0) if need else 1.0 for w in candidate.weeks]
    experience = min(1.0, candidate.past_weeks_with_client / 26 + candidate.past_weeks_in_role / 104)
    parts = {
        "skills": sum(levels) / len(levels) if levels else 1.0,
        "free": sum(covered) / len(covered) if covered else 0.0,
        "role": candidate.role_likeness,
        "experience": experience,
    }
    strengths, gaps = _words(candidate, wanted, held)
    frees = [w.free_hours for w in candidate.weeks] or [Decimal(0)]
    return Fit(
        person_id=candidate.person_id,
        score=round(sum(WEIGHTS[k] * v for k, v in parts.items()), 4),
        parts={k: round(v, 3) for k, v in parts.items()},
        strengths=strengths,
        gaps=gaps,
        free_hours=min(frees),
        average_free_hours=(sum(frees, Decimal(0)) / len(frees)).quantize(Decimal("0.1")),
    )


def fits(fit_: Fit, wanted: Wanted) -> bool:
    """Whether the person belongs on the shortlist: some skill of those asked for, and at least half of the
    hours over the whole time."""
    has_skill = fit_.parts["skills"] > 0 or not wanted.skills
    return has_skill and fit_.parts["free"] >= 0.5


def why_not(fit_: Fit, last_listed: Fit | None, wanted: Wanted) -> str:
    """What keeps a person off the shortlist, as the least change that would bring them onto it."""
    if wanted.skills and fit_.parts["skills"] == 0:
        return f"has none of {', '.join(wanted.skills)}"
    free_hours = fit_.average_free_hours
    if fit_.parts["free"] < 0.5:
        return f"only {free_hours:.0f} of {wanted.hours_per_week:.0f} hours a week are free"
    if last_listed is None:
        return "would be listed"
    short = last_listed.score - fit_.score
    gain = WEIGHTS["free"] * (1 - fit_.parts["free"])
    if gain >= short > 0:
        return f"with all {wanted.hours_per_week:.0f} hours free would be listed; {free_hours:.0f} are"
    return fit_.gaps[0] if fit_.gaps else "others fit a little better"


def _skill_part(held: SkillHeld | None, least: int, on: date) -> float:
    if held is None:
        return 0.0
    reached = min(held.level / (least or FULL_LEVEL), 1.0)
    if held.last_used_on is None:
        return reached
    years = (on - held.last_used_on).days / 365.25
    return reached * (1.0 if years < 1 else max(0.5, 1 - 0.5 * years / STALE_YEARS))


def _words(
    candidate: Candidate, wanted: Wanted, held: Mapping[str, SkillHeld]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    strengths, gaps = [], []
    for name, least in wanted.skills.items():
        skill = held.get(name.lower())
        if skill is None:
            gaps.append(f"no {name} on record")
            continue
        used = f", last used {skill.last_used_on:%B %Y}" if skill.last_used_on else ""
        if skill.level < (least or FULL_LEVEL):
            asked = f", asked for {least}" if least else ""
            gaps.append(f"{skill.skill} only {skill.level} of 5{asked}{used}")
        else:
            strengths.append(f"{skill.skill} {skill.level} of 5{used}")
    leave = sum(w.leave_days for w in candidate.weeks)
    if leave:
        gaps.append(f"on leave {leave} of {5 * len(candidate.weeks)} working days")
    short = [w for w in candidate.weeks if w.free_hours < wanted.hours_per_week]
    if short:
        gaps.append(f"short of hours in {len(short)} of {len(candidate.weeks)} weeks")
    if candidate.past_weeks_with_client:
        strengths.append(f"{candidate.past_weeks_with_client} weeks with this client before")
    return tuple(strengths), tuple(gaps)
