"""The demo firm at full scale is as large, and as busy, as a firm of 240 people."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import numpy as np
import pytest

from demo.build import Firm, build
from demo.ground_truth import find_personas
from demo.scenario import staffing_ask
from demo.setting import Setting
from demo.time_defects import KINDS, SHARE
from demo.time_entries import SUBMITTED, presence
from tests.demo.generated import TODAY

SETTING = Setting(seed=7, scale=1.0, today=TODAY)
COUNTS: list[tuple[str, Callable[[Firm], int], int]] = [
    ("people", lambda f: len(f.people), 240),
    ("clients", lambda f: len(f.clients), 45),
    ("projects", lambda f: len(f.projects), 120),
    ("contracts", lambda f: len(f.contracts), 60),
    ("time entries", lambda f: len(f.time.entries), 250_000),
    ("invoices", lambda f: len(f.invoices), 2_600),
    ("status reports", lambda f: len(f.reports), 1_500),
    ("skills", lambda f: len({s for p in f.people for s in p.skills}), 60),
    ("practices that work for clients", lambda f: len({p.practice for p in f.projects}), 6),
    ("offices", lambda f: len({p.office.city for p in f.people}), 4),
    ("currencies", lambda f: len({c.currency for c in f.contracts}), 3),
]


@pytest.fixture(scope="module")
def full() -> Firm:
    return build(SETTING, lambda _: None)


@pytest.mark.parametrize(("what", "count", "wanted"), COUNTS, ids=[what for what, _, _ in COUNTS])
def test_full_scale_has_about(full: Firm, what: str, count: Callable[[Firm], int], wanted: int) -> None:
    assert count(full) == pytest.approx(wanted, rel=0.12), what


@pytest.mark.parametrize(("seed", "scale"), [(1, 0.05), (2, 0.2), (3, 0.2), (42, 0.01)], ids=str)
def test_every_firm_has_what_the_day_needs(seed: int, scale: float) -> None:
    setting = Setting(seed, scale, TODAY)
    firm = build(setting, lambda _: None)
    ask = staffing_ask(setting, firm.main, firm.suitable)
    assert len(ask.fits) >= 3
    assert ask.busy
    assert ask.away
    personas = find_personas(firm)
    assert len({facts["person_id"] for facts in personas.values()}) == len(personas)
    assert any(s.bites_on > TODAY for s in firm.stories if s.project is not firm.main)
    main = firm.projects.index(firm.main)
    waiting = (firm.time.entries.project == main) & (firm.time.entries.state == SUBMITTED)
    assert (firm.time.kind[waiting] >= 0).sum() >= 3, "planted on the main project, not yet approved"


def test_about_four_fifths_of_the_present_time_is_worked_for_clients(full: Firm) -> None:
    workers = np.array([p.role is not None for p in full.people])
    capacity = np.array([p.capacity / 5 for p in full.people])
    present = presence(SETTING, full.people, full.leave) * capacity[:, None]
    utilisation = full.time.entries.minutes.sum() / 60 / present[workers].sum()
    assert 0.73 < utilisation < 0.83


def test_few_entries_are_planted_and_every_kind_is(full: Firm) -> None:
    kinds = Counter(full.time.kind[full.time.kind >= 0].tolist())
    assert kinds.keys() == set(range(len(KINDS)))
    assert sum(kinds.values()) / len(full.time.entries) == pytest.approx(SHARE, rel=0.1)


def test_some_roll_off_and_some_are_held(full: Firm) -> None:
    soon = SETTING.today + timedelta(weeks=8)
    leaving = {a.person.person_id for a in full.assignments if SETTING.today < a.ends_on < soon}
    assert len(leaving) > 20
    assert sum(a.state == "hold" for a in full.assignments) > 10


def test_open_requests_can_mostly_be_met(full: Firm) -> None:
    open_ones = [r for r in full.requests if not r.filled_by]
    met = [any(s.verdict == "fit" for s in full.suitable.judge(r)) for r in open_ones]
    assert len(open_ones) >= 15
    assert sum(met) >= len(met) / 2


def test_the_contracts_are_several_pages_in_every_style_and_format(full: Firm) -> None:
    words = [
        sum(len(c.text.split()) for s in (*a.draft.sections, *a.draft.schedules) for c in s.clauses)
        for a in full.agreements
    ]
    assert min(words) > 800
    assert {a.agreed.style for a in full.agreements} == {"formal", "us", "plain", "continental", "framework"}
    assert {c.file.rpartition(".")[2] for c in full.contracts} == {"txt", "pdf", "docx"}


def test_no_two_reports_read_the_same(full: Firm) -> None:
    assert len({r.text for r in full.reports}) > 0.99 * len(full.reports)
