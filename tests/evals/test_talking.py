"""Conversations played against the real copilot in a real firm, and judges that see what is wrong."""

import pytest

from evals.demo_firms import DemoFirm
from evals.subjects import Subject
from evals.talking.judging import judge
from evals.talking.playing import Played, play
from evals.talking.script import Script
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
