"""What people overrode becomes candidates that name nobody, is reviewed, and becomes cases of suites."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from api.cli.eval_ import app
from evals.growing.accepting import CaseWrong, DoesNotGrow, HasTwin, accept
from evals.growing.candidates import TEXTS, Candidate, _of_override, checked
from evals.growing.cases import GrownWrong, file_of, grown
from evals.growing.collecting import collect
from evals.growing.queue import AlreadyReviewed, EditWrong, MayBePersonal, Queue, UnknownCandidate, salt_of
from evals.growing.shifting import Shift, shift_of
from evals.running import run
from evals.subjects import Subject
from evals.suite import Setting, setting, suite
from evals.suites.routing.cases import cases
from models.access import Grant, NotAllowed, Principal, service
from models.actions import Action, ActionAdapter
from models.pseudonyms import Known, Pseudonyms
from models.text.known_names import fold, parts, seen
from store.db import Database
from tests.workflow.conftest import db, workflow
from tests.workflow.firm import (
    PEOPLE,
    assignment,
    change_order,
    draft,
    eur,
    principal,
    returned_time,
    risk,
)
from workflow.cards import ProposalCard
from workflow.service import Workflow

__all__ = ["db", "workflow"]

SALT = b"salt"
COLLECTOR = service("collector")


def propose(workflow: Workflow, action: Action, by: str = "paula", **more: Any) -> ProposalCard:
    return workflow.propose(principal(by), replace(draft(action), **more))


def reject(workflow: Workflow, card: ProposalCard, by: str, reason: str) -> None:
    workflow.decide(
        principal(by), card.proposal_id, content_hash=card.content_hash, verdict="reject", reason=reason
    )


def edit(workflow: Workflow, card: ProposalCard, by: str, action: Action, note: str) -> None:
    workflow.edit(principal(by), card.proposal_id, content_hash=card.content_hash, action=action, note=note)


def say(db: Database, words: str, thread_id: UUID | None = None, **call: Any) -> UUID:
    """Paula says something to the copilot; `call`: the tool that it led to, and its arguments."""
    with db.tx(principal("paula"), "agent") as tx:
        thread_id = thread_id or tx.value("talk.open_thread", title=words[:20])
        tx.execute("talk.add_message", thread_id=thread_id, author="person", text=words, payload={})
    for tool, arguments in call.items():
        with db.tx(principal("paula"), "agent") as tx:
            tx.execute(
                "tools.record",
                thread_id=thread_id,
                tool=tool,
                version="1",
                arguments=arguments,
                outcome="ok",
                detail="",
                milliseconds=1,
            )
    assert thread_id
    return thread_id


@pytest.fixture
def queue(tmp_path: Path) -> Queue:
    return Queue(tmp_path / "candidates")


@pytest.fixture
def within(tmp_path: Path) -> Iterator[Setting]:
    with setting(Subject(), grown=tmp_path / "cases") as made:
        yield made


@pytest.fixture
def collected(workflow: Workflow, db: Database, queue: Queue) -> dict[str, Candidate]:
    """A rejection, a corrected change order, a corrected risk, a batch kept in part, and what was said twice;
    by what happened and the kind."""
    reject(workflow, propose(workflow, assignment()), "rita", "Carl Cole is on Borealis until 4 March 2027.")
    edit(
        workflow,
        propose(workflow, change_order()),
        "amir",
        change_order("80"),
        "It is EUR 12,000, says Acme.",
    )
    edit(workflow, propose(workflow, risk()), "leo", risk(severity="low"), "Dora sees it otherwise.")
    batch = propose(workflow, returned_time("t-1", "t-2"), "dora")
    workflow.accept_part(
        principal("paula"),
        batch.proposal_id,
        content_hash=batch.content_hash,
        keep=frozenset({"t-1"}),
        reason="Cleo's t-2 is right.",
    )
    wanted = {"person": "Carl Cole", "project": "Aurora", "role": "Tester", "starts_on": "2027-01-04"}
    thread = say(
        db,
        "put Carl down as a tester for a day a week on Aurora as of 4 January 2027",
        propose_assignment=wanted,
    )
    card = propose(workflow, assignment(), tool="propose_assignment", thread_id=thread)
    edit(workflow, card, "rita", assignment(hours_per_week=8), "One day a week.")
    unheard = say(db, "anything iffy about the hours Cleo booked on Aurora")
    say(
        db,
        "anything strange about the hours Cleo Curz booked on Aurora?",
        unheard,
        check_time={"project": "Aurora"},
    )
    collect(db, COLLECTOR, queue, SALT, chat=True)
    return {f"{c.event} {c.kind}": c for c in queue.all()}


def test_what_people_overrode_says_what_should_have_been(collected: dict[str, Candidate]) -> None:
    assert {name: c.expected for name, c in collected.items()} == {
        "reject create_assignment": "not this, for a reason of other",
        "edit create_change_order": collected["edit create_change_order"].expected,
        "edit register_risk": "severity low instead of high",
        "accept_part return_time_entries": "1 of the 2 items",
        "edit create_assignment": "hours_per_week 8 instead of 32",
        "rephrased check_time": "a call of check_time with what the second message led to",
    }
    order = collected["edit create_change_order"]
    assert {c.field: c.after for c in order.corrections}["items[0].hours"] == "80"
    assert order.state == "waiting"


def test_a_sentence_that_was_corrected_is_a_draft_for_routing(collected: dict[str, Candidate]) -> None:
    draft = collected["edit create_assignment"].drafts["routing"]
    assert (draft["call"], draft["with"]) == ("propose_assignment", {"hours_per_week": "8"})
    assert collected["rephrased check_time"].drafts["routing"]["call"] == "check_time"
    talk = collected["edit create_assignment"].drafts["conversations"]
    assert talk["expect"]["proposals"] == [{"kind": "create_assignment", "fields": {"hours_per_week": "8"}}]
    assert collected["edit register_risk"].drafts == {}


def test_no_candidate_names_anybody(collected: dict[str, Candidate], queue: Queue, tmp_path: Path) -> None:
    text = "".join(f.read_text(encoding="utf-8") for f in (tmp_path / "candidates").glob("*.json")).casefold()
    names = {part.casefold() for name, *_ in PEOPLE.values() for part in name.split()}
    for hidden in (*names, "aurora", "borealis", "acme", '"t-1"', "t-2", "mr smith", '"c-1"', "berlin"):
        assert hidden not in text, hidden


def test_amounts_and_dates_are_moved_and_still_add_up(collected: dict[str, Candidate]) -> None:
    order = collected["edit create_change_order"]
    for action in (order.before, order.after):
        ActionAdapter.validate_python(action)  # which checks hours x rate and the sum
    assert order.before["value"]["amount"] != "15000.00"
    before, after = (Decimal(a["value"]["amount"]) for a in (order.before, order.after))
    assert after / before == Decimal("0.8")
    start, end = (date.fromisoformat(order.before[k]) for k in ("starts_on", "ends_on"))
    assert (end - start).days == 81
    assert start.weekday() == 0
    assert start != date(2027, 1, 4)
    amount = f"{after:,.0f}"
    assert f"EUR {amount}" in order.reason
    assert order.facts["contract_value"]["amount"] != "500000.00"


def test_without_consent_nothing_of_what_was_said_is_taken(
    workflow: Workflow, db: Database, queue: Queue
) -> None:
    thread = say(db, "put Carl on Aurora", propose_assignment={"person": "Carl Cole"})
    card = propose(workflow, assignment(), tool="propose_assignment", thread_id=thread)
    edit(workflow, card, "rita", assignment(hours_per_week=8), "One day a week.")
    say(db, "anything iffy")
    collect(db, COLLECTOR, queue, SALT)
    (found,) = queue.all()
    assert (found.said, found.drafts) == ("", {})


def test_collecting_again_adds_nothing_and_leaves_what_was_reviewed(
    collected: dict[str, Candidate], db: Database, queue: Queue
) -> None:
    rejected = queue.reject(collected["edit register_risk"].id, "eva", "a matter of taste")
    assert collect(db, COLLECTOR, queue, SALT, chat=True) == 0
    assert queue.get(rejected.id) == rejected
    assert [act.act for act in rejected.history] == ["collected", "rejected"]
    with db.tx(COLLECTOR, "worker") as tx:
        logged = tx.connection.execute(
            "select body from audit.event where action = 'evals.candidates_collected' order by seq"
        ).fetchall()
    assert [body["added"] for (body,) in logged] == [6, 0]


def test_a_person_needs_the_permission(db: Database, queue: Queue) -> None:
    with pytest.raises(NotAllowed):
        collect(db, principal("paula"), queue, SALT)
    scientist = Principal("ada", "Ada Adam", (Grant("data_scientist", "firm"),), "cli")
    assert collect(db, scientist, queue, SALT) == 0


def kept(queue: Queue, **changes: Any) -> Candidate:
    made = Candidate(
        id="0123456789ab",
        event="rephrased",
        kind="check_time",
        week="2026-W47",
        on=date(2026, 11, 16),
        expected="a call",
        drafts={
            "routing": {
                "say": "is anything iffy about what person:aaaaaaaaaaaa booked on "
                "project:bbbbbbbbbbbb since 9 November",
                "call": "check_time",
                "with": {"project": "project:bbbbbbbbbbbb", "since": "2026-11-09"},
            }
        },
    )
    queue.add([checked(made.model_copy(update=changes))], "collector")
    return queue.get(made.id)


def test_what_may_be_personal_is_not_accepted_until_it_is_edited_or_cleared(
    queue: Queue, within: Setting
) -> None:
    flagged = kept(queue, reason="Jane Miller of theirs asked.")
    assert [(w.where, w.words) for w in flagged.left] == [("reason", "Jane Miller")]
    with pytest.raises(MayBePersonal, match="Jane Miller"):
        accept(queue, flagged.id, "routing", within, "eva", fields={}, groups={})
    assert queue.edit(flagged.id, "eva", {"reason": "Jim Miller asked."}).flagged
    assert not queue.edit(flagged.id, "eva", {"reason": "Somebody of theirs asked."}).flagged
    accept(queue, flagged.id, "routing", within, "eva", fields={}, groups={})
    assert queue.get("0123").state == "accepted"


def test_who_clears_is_kept(queue: Queue) -> None:
    flagged = kept(queue, reason="It is about Power Automate.")
    cleared = queue.edit(flagged.id, "eva", {}, clear=True, why="a product")
    assert not cleared.flagged
    assert [(a.act, a.by, a.why) for a in cleared.history][1:] == [("cleared", "eva", "a product")]


@pytest.mark.parametrize(
    ("do", "error"),
    [
        (lambda q: q.get("ffff"), UnknownCandidate),
        (lambda q: q.get("*"), UnknownCandidate),
        (lambda q: q.edit("0123", "eva", {"state": "accepted"}), EditWrong),
        (lambda q: q.edit("0123", "eva", {"reason": 7}), EditWrong),
        (lambda q: (q.reject("0123", "eva", "no"), q.reject("0123", "eva", "no")), AlreadyReviewed),
    ],
)
def test_what_a_review_may_not_do(queue: Queue, do: Callable[[Queue], Any], error: type[Exception]) -> None:
    kept(queue)
    with pytest.raises(error):
        do(queue)


def test_an_accepted_candidate_is_a_case_about_the_suites_firm(
    queue: Queue, within: Setting, tmp_path: Path
) -> None:
    kept(queue)
    accept(queue, "0123", "routing", within, "eva", fields={}, groups={"language": "en"})
    (case,) = [c for c in suite("routing").every_case(within) if c.groups.get("source") == "production"]
    assert case.rule.say == ("is anything iffy about what Ana Silva booked on Lighthouse since 16 November")
    assert case.rule.with_ == {"project": "Lighthouse", "since": "2026-11-16"}
    assert (case.groups["kind"], case.groups["language"]) == ("production", "en")
    line = json.loads(file_of("routing", tmp_path / "cases").read_text(encoding="utf-8"))
    assert line["provenance"] == {
        "candidate": "0123456789ab",
        "override": "rephrased of check_time",
        "week": "2026-W47",
        "reviewer": "eva",
    }
    routing = replace(suite("routing"), cases=lambda within: cases()[:2])
    found = run(routing, within, tmp_path / "runs")
    assert found.rows[-1].id == "grown-0123456789ab"
    assert found.rows[-1].groups["source"] == "production"


def test_an_accepted_conversation_is_played_in_the_demo_firm(
    queue: Queue, within: Setting, tmp_path: Path
) -> None:
    says = "is anything iffy about what person:aaaaaaaaaaaa booked on project:bbbbbbbbbbbb"
    called = [{"tool": "check_time", "with": {"project": "project:bbbbbbbbbbbb"}}]
    draft = {"id": "grown", "kind": "time", "speaker": "project_manager", "says": says}
    kept(queue, drafts={"conversations": {**draft, "expect": {"called": called}}})
    case = accept(queue, "0123", "conversations", within, "eva", fields={}, groups={})
    name = within.sandbox.scenario.project_name
    assert case.case.says.endswith(f"booked on {name}")
    talks = replace(suite("conversations"), cases=lambda within: [])
    (row,) = run(talks, within, tmp_path / "runs").rows
    assert (row.id, row.groups["source"]) == ("grown-0123456789ab", "production")
    assert (row.trace[0].kind, row.trace[0].text) == ("said", case.case.says)


@pytest.mark.parametrize(
    ("to", "fields", "error", "says"),
    [
        ("routing", {"call": "no", "asks": "role"}, CaseWrong, "expects one thing"),
        ("routing", {"colour": "blue"}, CaseWrong, "colour"),
        ("routing", {"say": "Put INV-99 on hold"}, HasTwin, "suite routing: plain-33"),
        (
            "routing",
            {"say": "Looking for a consultant with SAP skills, two days a week"},
            HasTwin,
            "prompts/routing",
        ),
        ("invoices", {}, DoesNotGrow, "routing"),
    ],
)
def test_what_is_no_case_stays_a_candidate(
    queue: Queue, within: Setting, to: str, fields: dict[str, Any], error: type[Exception], says: str
) -> None:
    kept(queue)
    with pytest.raises(error, match=says):
        accept(queue, "0123", to, within, "eva", fields=fields, groups={})
    assert queue.get("0123").state == "waiting"


def test_the_same_candidate_from_another_week_is_a_twin(queue: Queue, within: Setting) -> None:
    first = kept(queue)
    accept(queue, first.id, "routing", within, "eva", fields={}, groups={})
    queue.add([first.model_copy(update={"id": "ba9876543210"})], "collector")
    with pytest.raises(HasTwin, match="grown-0123456789ab"):
        accept(queue, "ba98", "routing", within, "eva", fields={}, groups={})


def test_a_line_that_is_no_case_is_named(tmp_path: Path) -> None:
    file = file_of("routing", tmp_path)
    file.parent.mkdir(parents=True)
    file.write_text('{"id": "grown-1"}\n', encoding="utf-8")
    grows = suite("routing").grows
    assert grows
    with pytest.raises(GrownWrong, match="line 1"):
        grown("routing", tmp_path, grows.form)


def test_the_salt_stays_and_is_its_owners(tmp_path: Path) -> None:
    salt = salt_of(tmp_path / "evals" / "salt")
    assert len(salt) == 32
    assert salt_of(tmp_path / "evals" / "salt") == salt
    assert (tmp_path / "evals" / "salt").stat().st_mode & 0o077 == 0


def test_the_commands(
    workflow: Workflow, queue: Queue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHARGEHAND_HOME", str(tmp_path))
    queue = Queue(tmp_path / "evals" / "candidates")
    kept(queue, reason="Jane Miller asked.")

    def do(*words: str) -> Any:
        result = CliRunner().invoke(app, ["candidates", *words])
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout) if "--json" in words else result.output

    assert [c["id"] for c in do("list", "--json")] == ["0123456789ab"]
    assert "0123456789ab" in do("list")
    assert "Jane Miller" in do("show", "0123")
    assert do("edit", "0123", "--by", "eva", "--set", "reason=They asked.", "--json")["left"] == []
    groups = ("--group", "difficulty=hard")
    accepted = do("accept", "0123", "--by", "eva", "--suite", "routing", *groups, "--json")
    assert accepted["provenance"]["reviewer"] == "eva"
    assert do("list", "--state", "accepted", "--json")[0]["history"][-1]["by"] == "eva"
    refused = CliRunner().invoke(app, ["candidates", "reject", "0123", "--why", "no"])
    assert (refused.exit_code, "already" in refused.output) == (2, True)


def test_the_command_collects_what_was_overridden(
    workflow: Workflow, admin_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHARGEHAND_HOME", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", admin_dsn)
    reject(workflow, propose(workflow, assignment()), "rita", "Jane Miller has no time.")
    told = [CliRunner().invoke(app, ["candidates", "collect", "--json"]) for _ in range(2)]
    assert [json.loads(t.stdout) for t in told] == [
        {"added": 1, "waiting": 1, "flagged": 1},
        {"added": 0, "waiting": 1, "flagged": 1},
    ]
    later = CliRunner().invoke(app, ["candidates", "collect", "--since", "2999-01-01", "--json"])
    assert json.loads(later.stdout)["added"] == 0
    refused = CliRunner().invoke(app, ["candidates", "collect", "--as", "Paula Pohl"])
    assert (refused.exit_code, "evals.run" in refused.output) == (2, True)


# What no text may keep.

KNOWN = [
    Known("person", "carl", "Carl Cole"),
    Known("person", "PE-02", "Jürgen Müller-Weiß"),
    Known("person", "u4711x", "Ana María de la Cruz"),
    Known("person", "u4711x", "amcruz"),
    Known("client", "CL-14", "Kestrel Bank plc"),
    Known("project", "PR-7", "Second Wave"),
    Known("invoice", "INV-2041", None),
]
SECRET = ["carl", "cole", "jurgen", "juergen", "muller", "mueller", "weiss", "maria", "cruz", "amcruz"]
SECRET += ["kestrelbank", "secondwave", "inv2041", "pe02", "u4711x", "@"]
WRITTEN = [
    *(
        "Carl Cole",
        "COLE",
        "carl",
        "C. Cole",
        "Carl C.",
        "c.cole",
        "ccole",
        "carl_cole",
        "CarlCole",
        "Cole, Carl",
    ),
    *(
        "Jürgen",
        "Juergen Mueller",
        "Müller-Weiß",
        "MÜLLER-WEISS",
        "Mu\u0308ller",
        "J. Müller",
        "Jurgen Muller",
    ),
    *("Ana María", "Ana Maria de la Cruz", "CRUZ", "A. Cruz", "amcruz", "Kestrel Bank plc", "KESTREL BANK"),
    *(
        "Second  Wave",
        "second-wave",
        "SecondWave",
        "inv-2041",
        "INV 2041",
        "pe-02",
        "PE_02",
        "u4711x",
        "Ca\u200brl",
    ),
    *("carl.cole@firm.example", "Carl <c.cole@intra>", "Ｃａｒｌ", "Ca\u00adrl"),
]
ENDINGS = ["", "'s", "’s", "s", "es", "n", "-Team", "/", ".", ",", "?", "_x"]
WORDS = st.sampled_from(["the", "plan", "says", "hours", "12", "them", "4.5 EUR", "über", "(so)", "ask"])


def written(name: str, ending: str, case: str) -> str:
    return {"as": str, "up": str.upper, "low": str.lower, "title": str.title}[case](name + ending)


PLANTED = st.builds(
    written, st.sampled_from(WRITTEN), st.sampled_from(ENDINGS), st.sampled_from(["as", "up", "low", "title"])
)


@settings(deadline=None)
@given(st.lists(st.one_of(WORDS, PLANTED), min_size=1, max_size=12), st.sampled_from([" ", "\n", "\t"]))
@example(["Coles", "Cole’s", "CARL’S", "Müllers"], " ")
def test_no_known_name_address_or_id_survives_in_a_text(words: list[str], gap: str) -> None:
    text = gap.join(words)
    assert_hidden(Pseudonyms(KNOWN, SALT).text(text), text)


def assert_hidden(hidden: str, text: str) -> None:
    left = [fold(word) for word in parts(hidden)]
    joined = "".join(left)
    for secret in SECRET:
        found = secret in joined if len(secret) > 5 else secret in left
        assert not found, (secret, text, hidden)
    assert "@" not in seen(hidden)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.one_of(WORDS, PLANTED), min_size=1, max_size=8), st.sampled_from(["reason", "said", "before"])
)
def test_no_known_name_address_or_id_survives_in_a_candidate(words: list[str], where: str) -> None:
    text = " ".join(words)
    action = risk(
        project_id="PR-7",
        project_name="Second Wave",
        owner_id="PE-02",
        statement=text if where == "before" else "It is late.",
    )
    row = {
        **{"proposal_id": "p", "version": 1, "event": "edit", "kind": "register_risk", "rule": "risk"},
        **{"step": None, "policy": "0" * 64, "at": datetime(2026, 11, 23, tzinfo=UTC)},
        "before": action.model_dump(mode="json"),
        "after": risk(owner_id="carl", mitigation=f"Ask {text}").model_dump(mode="json"),
        "facts": {"client_id": "CL-14", "beneficiaries": ["u4711x"]},
        "reason": text if where == "reason" else "Too high.",
    }
    said = {"said": text, "tool": "propose_risks"} if where == "said" else {}
    made = _of_override(row, said, Pseudonyms(KNOWN, SALT))
    for value in strings(made.model_dump(mode="json", include=set(TEXTS))):
        assert_hidden(value, text)


def strings(value: Any) -> Iterator[str]:
    match value:
        case dict():
            yield from (s for inner in value.values() for s in strings(inner))
        case list():
            yield from (s for inner in value for s in strings(inner))
        case str():
            yield value


@settings(deadline=None)
@given(
    st.text(alphabet="abcdefghijklmnopqrstuvwxyzäöüßéñç", min_size=5, max_size=12),
    st.text(alphabet="abcdefghijklmnopqrstuvwxyzäöüßéñç", min_size=5, max_size=12),
    st.sampled_from(
        ["{f} {l}", "{l}", "{F} {L}", "{l}'s", "{L}S", "{f}.{l}@firm.example", "{i}. {l}", "{f}{l}"]
    ),
)
def test_no_name_survives_whatever_it_is(first: str, last: str, form: str) -> None:
    name = f"{first.title()} {last.title()}"
    pseudonyms = Pseudonyms([Known("person", "x-1", name)], SALT)
    said = form.format(f=first.title(), l=last.title(), F=first.upper(), L=last.upper(), i=first[0].upper())
    hidden = pseudonyms.text(f"Yesterday {said} was asked.").casefold()
    assert last.casefold() not in hidden
    assert first.casefold() not in hidden


@settings(max_examples=50, deadline=None)
@given(st.integers(1000, 10**6), st.integers(1, 400), st.integers(1, 300), st.text(min_size=1, max_size=9))
def test_every_order_still_adds_up_when_it_is_moved(cents: int, quarters: int, days: int, case: str) -> None:
    hours = Decimal(quarters) / 4
    rate = eur(str(Decimal(cents) / 100))
    amount = (rate * hours).rounded()
    item = {"description": "x", "role": "Engineer", "hours": hours, "rate": rate, "amount": amount}
    order = change_order(items=(item,), value=amount).model_dump(mode="json")
    on = date.fromordinal(date(2026, 1, 1).toordinal() + days)
    shift = shift_of(case, on, Pseudonyms([], SALT), order)
    ActionAdapter.validate_python(shift.json(order, on))


@pytest.mark.parametrize(
    ("said", "moved", "why"),
    [
        ("on 4 March", "on 18 March", "a day keeps its weekday"),
        ("on 2027-03-04", "on 2027-03-18", "as it was written"),
        ("by 04.03.2027", "by 18.03.2027", "as it was written"),
        ("next Monday", "next Monday", "relative to a day that moves too"),
        ("it is EUR 12,000.50", "it is EUR 24,001.00", "an amount by its currency"),
        ("about 15k €", "about 30k €", "thousands"),
        ("15000 is too much", "30000 is too much", "an amount of the case, without its currency"),
        ("80 hours of 3 people", "80 hours of 3 people", "no money"),
        ("clause 7.2", "clause 7.2", "no money"),
    ],
)
def test_what_is_moved_in_a_text(said: str, moved: str, why: str) -> None:
    shift = Shift(Decimal(2), 2, frozenset({Decimal("15000.00")}))
    assert shift.text(said, date(2026, 11, 23)) == moved, why
