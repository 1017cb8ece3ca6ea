"""The ground truth is about rows that exist, and what it says of them can be seen in the files."""

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, get_args

import pandas as pd
import pytest
from docx import Document
from pypdf import PdfReader

from demo.scenario import Expected
from demo.stories import TROUBLES
from demo.time_defects import KINDS
from tests.demo.generated import TODAY, DemoFirm

Term = dict[str, Any]


@pytest.fixture(scope="module")
def planted(small: DemoFirm) -> pd.DataFrame:
    """Planted time entries with their rows."""
    truth = pd.DataFrame(small.lines("time"))
    return truth.merge(small["time_entries"], on="entry_id", suffixes=("", "_row"), validate="one_to_one")


def test_planted_time_is_about_real_entries_of_every_kind(small: DemoFirm, planted: pd.DataFrame) -> None:
    assert len(planted) == small.summary.planted.time_entries
    assert set(planted["kind"]) == set(KINDS)
    assert (planted["person_id"] == planted["person_id_row"]).all()
    assert (planted["project_id"] == planted["project_id_row"]).all()
    assert (planted["minutes_at_stake"] > 0).all()
    assert (planted["minutes_at_stake"] <= planted["minutes"]).all()
    assert 0.003 < len(planted) / len(small["time_entries"]) < 0.006
    assert (planted["state"] == "submitted").sum() >= 8, "there is something to decide"


def of_kind(planted: pd.DataFrame, kind: str) -> pd.DataFrame:
    return planted[planted["kind"] == kind]


def test_each_kind_of_defect_shows(small: DemoFirm, planted: pd.DataFrame) -> None:
    entries = small["time_entries"]
    inflated = of_kind(planted, "inflated_hours")
    assert (inflated["minutes"] >= inflated["planned_minutes"] + 15).mean() > 0.9
    assert (of_kind(planted, "rounded_up")["minutes"] % 60 == 0).all()
    weekend = of_kind(planted, "weekend")
    assert (weekend["local_start"].dt.day_of_week >= 5).all()
    same = ["person_id", "project_id", "work_item_id", "started_at", "minutes"]
    counts = entries.groupby(same).size()
    duplicates = of_kind(planted, "duplicate")
    assert (counts.loc[list(duplicates[same].itertuples(index=False, name=None))] >= 2).all()
    ends = small["projects"].set_index("project_id")["ends_on"]
    after = of_kind(planted, "after_close")
    assert (after["local_start"].dt.date > after["project_id"].map(ends)).all()


def test_wrong_projects_are_ones_the_person_never_was_booked_on(
    small: DemoFirm, planted: pd.DataFrame
) -> None:
    booked = set(small["assignments"][["person_id", "project_id"]].itertuples(index=False, name=None))
    wrong = of_kind(planted, "wrong_project")
    assert not booked & set(wrong[["person_id", "project_id"]].itertuples(index=False, name=None))


def test_impossible_days_are_longer_than_anybody_works(small: DemoFirm, planted: pd.DataFrame) -> None:
    entries = small["time_entries"].assign(day=small["time_entries"]["local_start"].dt.date)
    totals = entries.groupby(["person_id", "day"])["minutes"].sum()
    days = of_kind(planted, "impossible_day")
    keys = zip(days["person_id"], days["local_start"].dt.date, strict=True)
    assert totals.quantile(0.995) < min(totals.loc[list(keys)])


def test_overlaps_run_beside_another_project(small: DemoFirm, planted: pd.DataFrame) -> None:
    by_person = dict(iter(small["time_entries"].groupby("person_id")))
    for entry in of_kind(planted, "overlapping_projects").itertuples():
        rows = by_person[entry.person_id]
        beside = (rows["started_at"] < entry.ended_at) & (rows["ended_at"] > entry.started_at)
        assert (rows[beside]["project_id"] != entry.project_id).any()


def test_time_that_is_not_planted_is_orderly(small: DemoFirm, planted: pd.DataFrame) -> None:
    clean = small["time_entries"][~small["time_entries"]["entry_id"].isin(planted["entry_id"])]
    ends = small["projects"].set_index("project_id")["ends_on"]
    assert (clean["local_start"].dt.date <= clean["project_id"].map(ends)).all()
    assert (clean["ended_at"] - clean["started_at"] >= pd.to_timedelta(clean["minutes"], unit="min")).all()
    weekend = clean[clean["local_start"].dt.day_of_week >= 5]
    assert weekend["note"].str.contains("weekend|release window|go-live").all()


def test_creeping_work_is_not_in_the_contract(small: DemoFirm) -> None:
    listed = {c["contract_id"]: set(c["work_items"]) for c in small.lines("contracts")}
    entries = small["time_entries"].set_index("entry_id")
    found = small.lines("scope_creep")
    assert small.scenario.project_id in {line["project_id"] for line in found}
    for line in found:
        items = {item["work_item_id"] for item in line["work_items"]}
        assert not items & listed[line["contract_id"]]
        rows = entries.loc[line["entries"]]
        assert set(rows["work_item_id"]) <= items
        assert set(rows["project_id"]) == {line["project_id"]}
    creeping = {entry for line in found for entry in line["entries"]}
    others = entries.drop(index=list(creeping))
    agreed = set().union(*listed.values())
    assert set(others["work_item_id"]) <= agreed


def test_troubles_are_told_of_weeks_before_they_bite(small: DemoFirm) -> None:
    reports = small["status_reports"].set_index("report_id")
    lines = small.lines("at_risk")
    assert {line["trouble"] for line in lines} <= set(TROUBLES)
    assert any(line["running"] and date.fromisoformat(line["bites_on"]) > TODAY for line in lines)
    hinted = 0
    for line in lines:
        for told in line["reports"]:
            report = reports.loc[told["report_id"]]
            assert report["project_id"] == line["project_id"]
            assert all(quote in report["text"] for quote in told["quotes"])
            early = date.fromisoformat(line["bites_on"]) - report["reported_on"] >= timedelta(weeks=2)
            hinted += told["stage"] == "hint" and early
    assert hinted >= len(lines)


def test_ratings_follow_the_troubles(small: DemoFirm) -> None:
    stage = {told["report_id"]: told["stage"] for line in small.lines("at_risk") for told in line["reports"]}
    reports = small["status_reports"]
    kind = reports["report_id"].map(stage).fillna("none")
    red = (reports["rag"] == "red").groupby(kind).mean()
    assert red["biting"] > 0.4
    assert red["hint"] == red["none"] == 0


def test_slow_payers_slow_down(small: DemoFirm) -> None:
    invoices = small["invoices"].dropna(subset=["paid_on"])
    late = pd.Series([(r.paid_on - r.due_on).days for r in invoices.itertuples()], index=invoices.index)
    for line in small.lines("slow_payers"):
        own = invoices["customer_id"] == line["client_id"]
        since = invoices["issued_on"] >= date.fromisoformat(line["since"])
        assert late[own & since].mean() > late[own & ~since].mean() + 4


def test_people_who_roll_off_have_nothing_booked_after(small: DemoFirm) -> None:
    assignments = small["assignments"]
    for line in small.lines("bench"):
        own = assignments[assignments["person_id"] == line["person_id"]]
        free_from = date.fromisoformat(line["free_from"])
        after = own[(own["ends_on"] >= free_from) & (own["starts_on"] < free_from + timedelta(days=21))]
        assert after["hours_per_week"].sum() < 8
        assert TODAY < free_from <= TODAY + timedelta(weeks=9)


def test_who_fits_a_request_has_the_skills_and_the_hours(small: DemoFirm) -> None:
    requests = small["role_requests"].set_index("request_id")
    open_ones = {line["request_id"]: line["people"] for line in small.lines("staffing")}
    filled = {line["request_id"]: line["person_id"] for line in small.lines("filled_requests")}
    assert open_ones.keys() | filled.keys() == set(requests.index)
    assert any(any(p["verdict"] == "fit" for p in people) for people in open_ones.values())
    held = defaultdict(set)
    for row in small["assignments"].itertuples():
        held[row.project_id, row.role, row.starts_on].add(row.person_id)
    for request_id, person_id in filled.items():
        request = requests.loc[request_id]
        assert person_id in held[request["project_id"], request["role"], request["starts_on"]]


def plain(text: str) -> str:
    return " ".join(text.split())


def document_text(small: DemoFirm, file: str) -> str:
    """The text of a contract as any reader would get it, its white space folded."""
    path = small.out / file
    if path.suffix == ".pdf":
        return plain("\n".join(page.extract_text() for page in PdfReader(path).pages))
    if path.suffix == ".docx":
        blocks: Iterator[Any] = Document(str(path)).iter_inner_content()
        return plain("\n".join(words for block in blocks for words in words_of(block)))
    return plain(path.read_text(encoding="utf-8"))


def words_of(block: Any) -> list[str]:
    rows = getattr(block, "rows", None)
    return [block.text] if rows is None else [cell.text for row in rows for cell in row.cells]


def test_every_term_stands_in_its_document_under_its_heading(small: DemoFirm) -> None:
    lines = small.lines("contracts")
    assert len({line["style"] for line in lines}) >= 4
    for line in lines:
        text = document_text(small, line["file"])
        for term in line["terms"]:
            quote, heading = plain(term["quote"]), plain(term["heading"])
            assert quote in text, (line["file"], quote)
            assert heading in text
            if term["number"][0].isdigit():
                assert f"{term['number']} {quote}" in text
            assert text.index(heading) < text.rindex(quote)


def test_contracts_differ_in_their_terms(small: DemoFirm) -> None:
    values: dict[str, set[str]] = defaultdict(set)
    for line in small.lines("contracts"):
        for term in line["terms"]:
            values[term["kind"]].add(json.dumps(term["value"], sort_keys=True))
    for kind in ("change_notice", "termination", "payment_terms", "change_signatory", "liability_cap"):
        assert len(values[kind]) >= 3, kind


def test_rates_price_every_role_that_is_booked(small: DemoFirm) -> None:
    cards = {
        line["contract_id"]: {t["value"]["role"] for t in line["terms"] if t["kind"] == "rate"}
        for line in small.lines("contracts")
    }
    contract = small["projects"].set_index("project_id")["contract_id"]
    for row in small["assignments"].itertuples():
        assert row.role in cards[contract[row.project_id]]


def test_personas_hold_the_roles_they_play(small: DemoFirm) -> None:
    personas = json.loads((small.truth / "personas.json").read_text(encoding="utf-8"))
    held = defaultdict(set)
    for row in small["roles"].itertuples():
        held[row.person_id].add((row.role, row.scope_id if isinstance(row.scope_id, str) else ""))
    roles = {part: held[facts["person_id"]] for part, facts in personas.items()}
    assert ("project_manager", "") in roles["project_manager"] & roles["second_project_manager"]
    assert ("resource_manager", "Data & AI") in roles["resource_manager"]
    assert ("delivery_director", "") in roles["delivery_director"]
    assert ("finance", "London") in roles["finance"]
    assert ("data_scientist", "") in roles["data_scientist"]
    assert ("auditor", "") in roles["auditor"]
    assert ("account_owner", "") in roles["account_owner"]
    assert len({facts["person_id"] for facts in personas.values()}) == len(personas)


def test_the_staffing_request_of_the_day_can_be_met(small: DemoFirm) -> None:
    ask = small.scenario.staffing
    skills = small["skills"].set_index(["person_id", "skill"])["level"]
    assignments = small["assignments"]
    assert len(ask.fits) >= 3
    assert ask.busy
    assert ask.starts_on.weekday() == 0
    for person in (*ask.fits, *ask.away):
        assert skills[person, ask.skill] >= 3
        own = assignments[assignments["person_id"] == person]
        now = own[(own["starts_on"] <= ask.ends_on) & (own["ends_on"] >= ask.starts_on)]
        assert 40 - now["hours_per_week"].sum() >= ask.hours_per_week
    best = max(skills[person, ask.skill] for person in ask.away)
    assert best >= max(skills[person, ask.skill] for person in ask.fits)
    leave = small["leave"]
    for person in ask.away:
        own = leave[leave["person_id"] == person]
        assert ((own["starts_on"] <= ask.starts_on) & (own["ends_on"] >= ask.starts_on)).any()


def test_the_clients_mail_contradicts_what_the_contract_says(small: DemoFirm) -> None:
    scenario = small.scenario
    mail = scenario.email
    assert all(item.quote in mail.body for item in mail.items)
    assert {item.expected for item in mail.items} == set(get_args(Expected))
    contract = next(c for c in small.lines("contracts") if c["contract_id"] == scenario.contract_id)
    terms: dict[str, list[Term]] = defaultdict(list)
    for term in contract["terms"]:
        terms[term["kind"]].append(term)
    for item in mail.items:
        assert not item.term_kind or terms[item.term_kind]
        assert not item.work_item_id or item.work_item_id in contract["work_items"]
    rate = next(t for t in terms["rate"] if t["value"]["role"] == scenario.staffing.role)
    assert rate["value"]["amount"] not in mail.body
    assert terms["change_order"][0]["value"]["option"] == "written_before_work"
    assert terms["change_allowance"][0]["value"]["hours"] >= 2
