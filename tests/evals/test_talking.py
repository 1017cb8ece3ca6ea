"""Conversations played against the real copilot in a real firm, and judges that see what is wrong."""

from datetime import date
from pathlib import Path
from uuid import uuid4

import pytest

from evals.cases import Step
from evals.demo_firms import DemoFirm
from evals.subjects import Subject
from evals.talking.judging import judge
from evals.talking.playing import Played, play
from evals.talking.reading import ScriptWrong, scripts
from evals.talking.script import Script
from evals.talking.world import Call, Decision, Effect, Proposal, World
from tests.firm_fixtures import TODAY, Firm, own_firm

__all__ = ["own_firm"]


@pytest.fixture
def stage(own_firm: Firm) -> DemoFirm:
    """A copy of the demo firm, as the evals know it."""
    folder = own_firm.truth.parent / "firm"
    return DemoFirm(
        "demo firm", folder, own_firm.truth, TODAY, own_firm.owner, own_firm.db, own_firm.registry
    )


def script(firm: DemoFirm, **given: object) -> Script:
    """Of somebody who looks for the person that the demo's day is about, unless given otherwise."""
    return Script.model_validate(
        {
            "id": "one",
            "kind": "try",
            "speaker": "project_manager",
            "says": firm.scenario.staffing.sentence,
            "expect": {},
        }
        | given
    )


def booking(firm: DemoFirm, **more: object) -> dict[str, object]:
    """The proposal that it leads to."""
    of = firm.scenario
    fields = {
        "project_id": of.project_id,
        "person_id": {"any": list(of.staffing.fits)},
        "starts_on": of.staffing.starts_on,
        "hours_per_week": of.staffing.hours_per_week,
    }
    return {"kind": "create_assignment", "fields": fields} | more


def kinds(played: Played) -> list[str]:
    return [step.kind for step in played.trace]


def test_a_conversation_leaves_its_proposal_and_its_trace(stage: DemoFirm) -> None:
    told = script(
        stage,
        then=["propose the first one"],
        expect={"proposals": [booking(stage, asks=["resource_manager"])]},
    )
    played = play(told, stage, Subject())
    assert judge(told, played).fault == ""
    assert kinds(played) == [
        "said",
        "called",
        "found",
        "answered",
        "said",
        "called",
        "found",
        "proposed",
        "answered",
    ]
    proposed = next(step for step in played.trace if step.kind == "proposed")
    assert proposed.data["state"] == "pending"
    assert proposed.data["gate"] == ["Availability"]
    assert proposed.data["proposal"] == str(played.world.proposals[0].proposal_id)
    assert played.messages == 2
    assert played.world.altered == ()


def test_a_person_answers_from_what_they_know_and_gives_up_on_what_they_do_not(stage: DemoFirm) -> None:
    knows = [{"asked": ["which role"], "answer": "a senior data engineer with Snowflake, from next Monday"}]
    told = script(
        stage,
        says=f"Who could join {stage.scenario.project_name}?",
        knows=knows,
        expect={"questions": {"at_least": 1}},
    )
    played = play(told, stage, Subject())
    assert judge(told, played).fault == ""
    assert [s.text for s in played.trace if s.kind == "said"][1] == knows[0]["answer"]
    at_a_loss = script(stage, says=f"Who could join {stage.scenario.project_name}?", otherwise="No idea.")
    played = play(at_a_loss, stage, Subject())
    assert 1 <= [s.text for s in played.trace if s.kind == "said"].count("No idea.") <= 2
    assert not played.cut_off


def test_others_act_meanwhile(stage: DemoFirm) -> None:
    told = script(
        stage,
        then=[
            "propose the first one",
            {"decides": "approve", "by": "finance", "refused": True},
            {"decides": "approve", "by": "resource_manager"},
        ],
        expect={
            "proposals": [booking(stage, state="approved")],
            "decisions": [{"by": "resource_manager", "verdict": "approve"}],
            "effects": [{"operation": "create_assignment", "state": "ready"}],
            "audited": ["proposal.decided"],
        },
    )
    played = play(told, stage, Subject())
    assert judge(told, played).fault == ""
    assert [s.kind for s in played.trace][-2:] == ["refused", "decided"]


def test_what_was_signed_and_is_not_so_any_more_goes_back(stage: DemoFirm) -> None:
    invoices = stage.table("invoices")
    unpaid = invoices[invoices["paid_on"].isna() & (invoices["project_id"] == stage.scenario.project_id)]
    invoice = unpaid.sort_values("due_on")["invoice_id"].iloc[0]
    told = script(
        stage,
        speaker="delivery_director",
        says=f"Please propose a payment reminder for invoice {invoice}",
        then=[
            {"decides": "approve", "by": "finance"},
            {"changes": f"invoice:{invoice}", "to": {"paid_on": TODAY}},
            {"works": True},
            {"withdraws": True, "by": "delivery_director"},
        ],
        expect={
            "proposals": [
                {
                    "kind": "send_reminder",
                    "state": "withdrawn",
                    "version": 2,
                    "fields": {"invoice_id": invoice},
                }
            ],
            "decisions": [{"by": "finance", "verdict": "approve"}],
            "effects": [{"operation": "send_reminder", "state": "returned"}],
        },
    )
    assert judge(told, play(told, stage, Subject())).fault == ""


def test_nobody_is_told_of_a_project_that_is_not_theirs(stage: DemoFirm) -> None:
    """And the judge would see it: the project's own manager is told."""
    asked = f"How is {stage.scenario.project_name} doing, any risks since the start of the month?"
    expect = {"unseen": [stage.scenario.project_id]}
    outside = script(stage, speaker="second_project_manager", says=asked, expect=expect)
    assert judge(outside, play(outside, stage, Subject())).fault == ""
    own = script(stage, says=asked, expect=expect)
    assert "may not be seen" in judge(own, play(own, stage, Subject())).fault


# --- the judge, on worlds that are as they should not be
BOOKED = Proposal.model_validate(
    {
        "proposal_id": uuid4(),
        "proposer_id": "P-1",
        "thread_id": None,
        "tool": "propose_assignment",
        "title": "Ana on Lighthouse",
        "state": "pending",
        "version": 1,
        "action": {
            "kind": "create_assignment",
            "person_id": "P-2",
            "hours_per_week": "24",
            "starts_on": "2026-04-01",
        },
        "rule": "assignment",
        "gate": {"gate": {"steps": [{"name": "Availability"}]}},
        "seats": [{"step": 0, "person_id": "P-3", "fallback": False}],
    }
)
SIGNED = Decision(proposal_id=BOOKED.proposal_id, version=1, approver_id="P-3", verdict="approve")
WRITTEN = Effect(
    effect_id=1,
    proposal_id=BOOKED.proposal_id,
    version=1,
    system="psa",
    operation="create_assignment",
    item="",
    state="ready",
)
LOOKED = Call(
    person_id="P-1", tool="find_people", arguments={"project": "Lighthouse"}, outcome="ok", detail=""
)
REFUSED = Call(person_id="P-1", tool="propose_hold", arguments={}, outcome="refused", detail="no")
FOUND = Step(kind="found", by="find_people", text="Ana is free", data={"to": "P-1", "data": {"id": "P-2"}})


def left(**world: object) -> Played:
    """What a conversation left: its world, and after `of_` what is the conversation's own."""
    own = {k.removeprefix("of_"): world.pop(k) for k in list(world) if k.startswith("of_")}
    return Played.model_validate(
        {
            "world": World.model_validate(world),
            "people": {"me": "P-1"},
            "speaker": "P-1",
            "messages": 1,
            "questions": 0,
            "trace": (FOUND,),
        }
        | own
    )


ONE = {"kind": "create_assignment"}


@pytest.mark.parametrize(
    ("expect", "played", "fault"),
    [
        pytest.param({}, left(), "", id="nothing wanted, nothing there"),
        pytest.param({}, left(proposals=[BOOKED]), "too many", id="a proposal that nobody asked for"),
        pytest.param({"proposals": [ONE]}, left(), "no create_assignment", id="none where one is wanted"),
        pytest.param({"proposals": [ONE]}, left(proposals=[BOOKED]), "", id="the one that is wanted"),
        pytest.param({"proposals": [ONE]}, left(proposals=[BOOKED, BOOKED]), "too many", id="twice"),
        pytest.param(
            {"proposals": [ONE | {"fields": {"person_id": "P-9"}}]},
            left(proposals=[BOOKED]),
            "person_id is P-2, not P-9",
            id="another person",
        ),
        pytest.param(
            {"proposals": [ONE | {"fields": {"hours_per_week": {"at_most": 20}}}]},
            left(proposals=[BOOKED]),
            "more than 20",
            id="more than wanted",
        ),
        pytest.param(
            {
                "proposals": [
                    ONE | {"fields": {"hours_per_week": 24, "starts_on": {"at_least": date(2026, 4, 1)}}}
                ]
            },
            left(proposals=[BOOKED]),
            "",
            id="numbers by value, days in order",
        ),
        pytest.param(
            {"proposals": [ONE | {"fields": {"request_id": "RR-1"}}]},
            left(proposals=[BOOKED]),
            "no request_id",
            id="a field that is not there",
        ),
        pytest.param(
            {"proposals": [ONE | {"state": "approved"}]}, left(proposals=[BOOKED]), "pending, not", id="state"
        ),
        pytest.param({"proposals": [ONE | {"by": "P-7"}]}, left(proposals=[BOOKED]), "by P-1", id="proposer"),
        pytest.param(
            {"proposals": [ONE | {"asks": ["P-8"]}]},
            left(proposals=[BOOKED]),
            "P-8 is not asked",
            id="signer",
        ),
        pytest.param(
            {"proposals": [ONE | {"never_asks": ["P-3"]}]},
            left(proposals=[BOOKED]),
            "P-3 is asked",
            id="no signer",
        ),
        pytest.param(
            {"proposals": [ONE | {"steps": ["Practice"]}]},
            left(proposals=[BOOKED]),
            "Availability",
            id="gate",
        ),
        pytest.param({"proposals": [ONE | {"rule": "x"}]}, left(proposals=[BOOKED]), "assignment", id="rule"),
        pytest.param(
            {"proposals": [ONE | {"version": 2}]}, left(proposals=[BOOKED]), "version 1", id="version"
        ),
        pytest.param({}, left(decisions=[SIGNED]), "P-3 approve; expected: none", id="a decision"),
        pytest.param({}, left(effects=[WRITTEN]), "effect too many", id="an effect"),
        pytest.param(
            {"effects": [{"operation": "create_assignment", "state": "done"}]},
            left(effects=[WRITTEN]),
            "no effect create_assignment (done)",
            id="an effect that is not done",
        ),
        pytest.param({}, left(altered=["invoice"]), "records changed: invoice", id="a record"),
        pytest.param({"called": [{"tool": "check_time"}]}, left(calls=[LOOKED]), "not called", id="no call"),
        pytest.param(
            {"called": [{"tool": "find_people", "with": {"project": "Atlas"}}]},
            left(calls=[LOOKED]),
            "project is Lighthouse",
            id="a call about something else",
        ),
        pytest.param(
            {"never_called": ["find_people"]}, left(calls=[LOOKED]), "was called", id="a call too many"
        ),
        pytest.param(
            {"never_called": ["propose_hold"]}, left(calls=[REFUSED]), "", id="refused is not called"
        ),
        pytest.param({"refused": {"at_most": 0}}, left(calls=[REFUSED]), "1 refused", id="a refusal"),
        pytest.param({"calls": {"at_most": 1}}, left(calls=[LOOKED, LOOKED]), "2 calls", id="too many calls"),
        pytest.param({"questions": {"at_least": 1}}, left(), "0 questions", id="no question"),
        pytest.param({"found": ["P-4"]}, left(), "speaks of P-4", id="not found"),
        pytest.param({"found": ["P-2"]}, left(), "", id="found"),
        pytest.param({"untold": ["ana is"]}, left(), "'ana is' was told", id="told"),
        pytest.param({}, left(of_marks=["PJ-9"]), "may not be seen: PJ-9", id="told of the unseen"),
        pytest.param({"audited": ["proposal.submitted"]}, left(), "no proposal.submitted", id="not audited"),
        pytest.param({}, left(of_cut_off=True), "not come to an end", id="no end"),
        pytest.param({}, left(of_mishaps=["no"]), "no", id="the scenario could not be played"),
    ],
)
def test_the_judge_names_what_is_not_as_expected(expect: object, played: Played, fault: str) -> None:
    told = Script.model_validate({"id": "one", "kind": "k", "speaker": "me", "says": "x", "expect": expect})
    verdict = judge(told, played)
    assert fault in verdict.fault
    assert verdict.passed is (fault == "")


def test_every_unmet_expectation_is_named() -> None:
    expect = {"proposals": [ONE], "called": [{"tool": "check_time"}], "audited": ["x"]}
    told = Script.model_validate({"id": "one", "kind": "k", "speaker": "me", "says": "x", "expect": expect})
    assert len(judge(told, left()).fault.splitlines()) == 3


# --- scenarios that are no scenarios
HEAD = "- id: a\n  kind: k\n  speaker: s\n  says: x\n"


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        pytest.param("- {id: a}", 1, "kind", id="half of it"),
        pytest.param("- id: a\n  kind: [", 2, "expected the node content", id="no YAML"),
        pytest.param("id: a", 1, "no list", id="no list"),
        pytest.param(
            f"{HEAD}  expect:\n    proposals: [{{kind: nonsense}}]",
            6,
            "kind",
            id="no such action",
        ),
        pytest.param(
            f"{HEAD}  then:\n    - hello\n    - {{signs: all}}\n  expect: {{}}",
            7,
            "an event is",
            id="no such event",
        ),
        pytest.param(
            f"{HEAD}  then:\n    - {{changes: 'invoice:1', to: {{owner: b}}}}\n  expect: {{}}",
            6,
            "owner cannot change",
            id="no such column",
        ),
        pytest.param(
            f"{HEAD}  expect: {{}}\n{HEAD}  expect: {{}}",
            6,
            "a second 'a'",
            id="twice",
        ),
        pytest.param("- id: a\n  expected: {}", 1, "Field required", id="misspelt"),
    ],
)
def test_what_is_wrong_in_a_file_is_told_with_its_line(
    tmp_path: Path, text: str, line: int, reason: str
) -> None:
    path = tmp_path / "some.yaml"
    path.write_text(text)
    with pytest.raises(ScriptWrong, match=reason) as wrong:
        scripts(path, Script)
    assert f"some.yaml, line {line}:" in wrong.value.sentence
