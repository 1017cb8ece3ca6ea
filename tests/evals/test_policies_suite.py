"""The policies suite: sound scenes, gates that hold in the database, and versions of a policy that show which
scenes flip."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from evals.cases import Row
from evals.scenes.acts import Gate, Happened, StepSeen
from evals.subjects import Subject
from evals.suite import Setting, setting
from evals.suites.policies.cases import Told, cases, people, scenes
from evals.suites.policies.judge import Judged, judge
from evals.suites.policies.suite import SUITE

OWN = """
scenarios:
  - name: Ours
    facts: {action: create_change_order, amount: {amount: "20000", currency: EUR}}
    rule: change-order
    signatures: 2
    steps: [{name: Account, asked: [account_owner], may_sign: [Z-1]}, {name: Delivery or finance}]
  - name: Not so
    facts: {action: register_risk}
    rule: change-order
"""


@pytest.fixture(scope="module")
def within() -> Iterator[Setting]:
    with setting(Subject(), small=True) as opened:
        yield opened


def row(of: Setting, id: str) -> Row:
    case = next(c for c in [*cases(of), *scenes()] if c.id == id)
    answer = Judged.model_validate_json(SUITE.answer(of, case).model_dump_json())
    return Row(
        id=case.id,
        text=case.text,
        expected=case.expected,
        cluster=case.cluster,
        verdict=judge(case, answer),
        trace=answer.trace,
    )


def test_there_are_many_scenes_of_many_families() -> None:
    assert len(scenes()) >= 50
    assert len({scene.id for scene in scenes()}) == len(scenes())
    families = Counter(scene.cluster for scene in scenes())
    assert len(families) >= 12
    assert set(families) <= set(SUITE.card.groups), "the card says what each measures"
    assert {scene.cluster for scene in scenes() if scene.row.small} == set(families), "CI runs one of each"


def test_a_row_says_what_is_expected() -> None:
    scene = next(s for s in scenes() if s.id == "change-10001-in-pounds")
    assert "change-order: P-014 > P-003 | P-024 | P-047" in scene.expected
    assert "P-024 approve: approved" in scene.expected


def test_the_gates_of_the_policy_that_ships_hold(within: Setting) -> None:
    """Also: everybody whom a scene names is in the firm, or was planted."""
    staff = {p for scene in scenes() for p in people(scene)}
    found = [row(within, case.id) for case in cases(within)]
    assert [r for r in found if not r.verdict.passed] == []
    assert staff <= set(
        within.once("records", lambda: pytest.fail("nothing was played")).table("people")["person_id"]
    )
    proposed = [s for r in found for s in r.trace if s.kind == "proposed"]
    assert proposed and all(step.data["proposal"] for step in proposed), "every trace leads to its proposal"


def test_another_policy_flips_the_scenes_it_is_about(within: Setting, tmp_path: Path) -> None:
    """Small is up to 20,000 EUR, and whoever proposes a risk is trusted with it by a director."""
    text = Path("workflow/default_policy.yaml").read_text(encoding="utf-8")
    assert text.count('amount_below: "10000"}') == 1
    changed = tmp_path / "lax.yaml"
    changed.write_text(text.replace('amount_below: "10000"}', 'amount_below: "20000"}'), encoding="utf-8")
    lax = replace(within, subject=Subject(policy=changed))
    same, other = "change-9999.99-in-pounds", "change-10001-in-pounds"
    assert row(lax, same).verdict.passed
    flipped = row(lax, other)
    assert row(within, other).verdict.passed
    assert not flipped.verdict.passed
    assert "It meets 'small-change-order', not 'change-order'." in flipped.verdict.fault
    assert (flipped.verdict.expected_label, flipped.verdict.got_label) == (
        "change-order",
        "small-change-order",
    )


@pytest.mark.parametrize("where", ["beside the policy", "own records"])
def test_a_firms_own_scenarios_are_cases(where: str, tmp_path: Path) -> None:
    folder = tmp_path / "policies"
    folder.mkdir()
    policy = folder / "ours.yaml"
    policy.write_text(Path("workflow/default_policy.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "ours.scenarios.yaml").write_text(OWN, encoding="utf-8")
    beside = where == "beside the policy"
    subject, data = (Subject(policy=policy), None) if beside else (Subject(), tmp_path)
    own = [c for c in cases(Setting(subject, data=data)) if c.groups["source"] == where]
    assert [c.id for c in own] == ["ours-ours", "ours-not-so"]
    assert all(isinstance(c, Told) for c in own)
    verdict = judge(own[1], SUITE.answer(Setting(subject, data=data), own[1]))
    assert verdict.fault == "meets 'risk', not 'change-order'"


def test_people_that_the_demo_firm_does_not_have_are_not_judged(within: Setting, tmp_path: Path) -> None:
    folder = tmp_path / "policies"
    folder.mkdir()
    (folder / "ours.scenarios.yaml").write_text(OWN, encoding="utf-8")
    about = OWN.replace(
        "rule: change-order\n    signatures", "about: {project: Z-9}\n    rule: change-order\n    signatures"
    )
    assert yaml.safe_load(about) != yaml.safe_load(OWN)
    (folder / "ours.scenarios.yaml").write_text(about, encoding="utf-8")
    own = replace(within, data=tmp_path)
    case = next(c for c in cases(own) if c.id == "ours-ours")
    assert judge(case, SUITE.answer(own, case)).passed


def gate(
    rule: str = "small-change-order", asks: tuple[str, ...] = ("P-014",), stand_ins: tuple[str, ...] = ()
) -> Gate:
    step = StepSeen(
        name="Account",
        signatures=1,
        all_of=False,
        asks=asks,
        stand_ins=stand_ins,
        comment=False,
        evidence=False,
    )
    return Gate(rule=rule, steps=(step,))


APPROVED = Happened(came="approved", gate=gate())


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        pytest.param(Judged(gate=gate(), happened=(APPROVED,)), "", id="as it should be"),
        pytest.param(Judged(refused="not-found"), "came to 'not-found'", id="not proposed"),
        pytest.param(Judged(gate=gate("risk"), happened=(APPROVED,)), "It meets 'risk'", id="another rule"),
        pytest.param(
            Judged(gate=gate(asks=("P-014", "P-042")), happened=(APPROVED,)), "P-042", id="one more may sign"
        ),
        pytest.param(Judged(gate=gate(asks=()), happened=(APPROVED,)), "asks nobody", id="nobody may sign"),
        pytest.param(
            Judged(gate=gate(stand_ins=("P-042 for P-014",)), happened=(APPROVED,)),
            "stand-ins",
            id="a stand-in",
        ),
        pytest.param(
            Judged(gate=gate(), happened=(Happened(came="not-your-decision", gate=gate()),)),
            "came to 'not-your-decision', not 'approved'",
            id="who should sign may not",
        ),
    ],
)
def test_the_judge(answer: Judged, fault: str) -> None:
    case = next(s for s in scenes() if s.id == "change-9999.99-in-pounds")
    verdict = judge(case, Judged.model_validate(json.loads(answer.model_dump_json())))
    assert verdict.passed is (not fault)
    assert fault in verdict.fault
