"""The day that is played on the demo firm: eight scenes from a sentence in chat to an approved, carried out
and audited change, each checked as it is played. People act through the REST API, as any surface would."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Protocol

from demo.client import Json, Persona, Refused
from demo.scenario import Scenario

ORDINALS = ("first", "second", "third", "fourth", "fifth")
SYSTEM_DOWN_SECONDS = 30.0  # in which the ledger must say that it waits


class SceneFailed(Exception):
    """A scene did not do what it says."""

    def __init__(self, scene: str, reason: str) -> None:
        super().__init__(f"{scene}: {reason}")
        self.scene = scene
        self.reason = reason


class Stage(Protocol):
    """What happens around the people: clocks, outages, and the owner of the database."""

    def persona(self, person_id: str) -> Persona:
        """Anyone of the firm, signed in."""

    def take_down(self, system: str) -> None: ...
    def bring_up(self, system: str) -> None: ...

    def records(self, system: str, resource: str, external_ref: str) -> Sequence[Mapping[str, Any]]:
        """The records that a system of record holds under this reference of ours."""

    def run_nightly_report(self) -> Mapping[str, Any]:
        """The bench report, now: {"reports": {practice: id}, "proposals": [id, ...]}."""

    def verify_audit(self) -> str | None:
        """The first fault of the audit log, or None."""

    def anchor_audit(self) -> tuple[str, str | None]:
        """Write a signed anchor of the log's head: its name, and the first fault of log and anchors."""

    def verify_altered_copy(self) -> str | None:
        """The fault that is found when one row is altered with the owner's rights, in a copy."""


@dataclass
class Day:
    """The players, and what they say to the audience."""

    scenario: Scenario
    stage: Stage
    tell: Callable[[str], None]
    cast: dict[str, Persona] = field(default_factory=dict)

    def player(self, part: str) -> Persona:
        if part not in self.cast:
            self.cast[part] = self.stage.persona(self.scenario.personas[part])
        return self.cast[part]

    def anyone(self, person_id: str) -> Persona:
        """A person of the firm, under the part they play if they have one."""
        for part, known in self.scenario.personas.items():
            if known == person_id:
                return self.player(part)
        return self.stage.persona(person_id)

    def signer(self, card: Json) -> Persona:
        """Somebody who may sign the step that waits and has not signed yet, our personas first."""
        signed = {s["person"]["person_id"] for step in card["steps"] for s in step["signatures"]}
        may = [a["person"]["person_id"] for a in card["steps"][card["step"]]["approvers"]]
        free = [p for p in may if p not in signed]
        check(bool(free), "gate", f"nobody can sign '{card['title']}'")
        ours = set(self.scenario.personas.values())
        return self.anyone(next((p for p in free if p in ours), free[0]))


Scene = Callable[[Day], None]


def play(day: Day, progress: Callable[[str, int, int], None]) -> None:
    """Play every scene in order. Raises SceneFailed at the first that did not do what it says."""
    for number, (title, scene) in enumerate(SCENES):
        progress(title, number, len(SCENES))
        try:
            scene(day)
        except (Refused, TimeoutError, KeyError, IndexError) as e:
            raise SceneFailed(title, f"{type(e).__name__}: {e}") from e
    progress("the day is done", len(SCENES), len(SCENES))


def check(holds: bool, scene: str, otherwise: str) -> None:
    """Raises SceneFailed unless it holds."""
    if not holds:
        raise SceneFailed(scene, otherwise)


def staffing(day: Day) -> None:
    """A sentence in chat becomes a booking in the PSA."""
    name, pm = "staffing", day.player("project_manager")
    thread = pm.thread("Staffing")
    day.tell(f'{pm.name}: "{day.scenario.staffing.sentence}"')
    answer = pm.say(thread, day.scenario.staffing.sentence)
    check(answer["event"] == "answered", name, f"the copilot did not answer: {answer}")
    day.tell(answer["text"])
    check(bool(answer["citations"]), name, "the shortlist has no evidence")
    listed = [c["person_id"] for c in answer["data"]["find_people"]["shortlist"]]
    fitting = [n for n, person in enumerate(listed[:5]) if person in day.scenario.staffing.fits]
    check(bool(fitting), name, "nobody on the shortlist is among those who really fit")
    number = fitting[min(1, len(fitting) - 1)]
    proposal = _only(pm.say(thread, f"Take the {ORDINALS[number]} one"), name)
    card = pm.card(proposal)
    chosen = card["action"]["person_id"]
    check(chosen == listed[number], name, f"{chosen} was proposed, {listed[number]} was meant")
    day.tell(f"Proposed: {card['title']}. {card['because']}")
    while (card := pm.card(proposal))["state"] == "pending":
        approver = day.signer(card)
        seen = approver.card(proposal)
        check(seen["why_you"] is not None, name, f"{approver.name} is not told why")
        day.tell(f"{approver.name} sees it ({seen['why_you']}) and approves.")
        approver.decide(proposal, "approve")
    done = pm.wait(proposal, "executed")
    (effect,) = done["effects"]
    ref = effect["external_ref"]
    written = day.stage.records("psa", "assignments", effect["idempotency_key"])
    check([r["id"] for r in written] == [ref], name, f"the PSA holds {len(written)} records, not just {ref}")
    _heard(pm, thread, name, ref)
    day.tell(f"The PSA has it as {ref}; {pm.name}'s thread heard it.")


def change_request(day: Day) -> None:
    """A client's e-mail is compared with the contract; one of two signatories asks back, and rejects."""
    name, pm = "change request", day.player("project_manager")
    mail = day.scenario.email
    thread = pm.thread("Change request")
    answer = pm.say(
        thread, f"The client wrote about {day.scenario.project_name}: is it covered?\n\n{mail.body}"
    )
    check(answer["event"] == "answered", name, f"the copilot did not answer: {answer}")
    day.tell(answer["text"])
    quotes = [c for c in answer["citations"] if c["kind"] == "quote" and c["document"] == "contract"]
    check(bool(quotes), name, "no clause of the contract is quoted")
    proposal = _only(pm.say(thread, "Propose the change order"), name)
    card = pm.card(proposal)
    day.tell(f"Proposed: {card['title']}, worth {_money(card['action']['value'])}. {card['because']}")
    needed = sum(step["signatures_needed"] for step in card["steps"])
    check(needed >= 2, name, f"{needed} signature asked for, two expected")
    first = day.signer(card)
    card = first.decide(proposal, "approve")
    check(card["state"] == "pending", name, f"one signature made it {card['state']}")
    second = day.signer(card)
    check(second.person_id != first.person_id, name, "the same person would sign twice")
    day.tell(f"{first.name} signs.")
    _ask_back(day, second, pm, thread, proposal, name)
    reason = "The loyalty dashboards belong to phase two: agree the start with the client first."
    day.tell(f'{second.name} rejects: "{reason}"')
    rejected = second.decide(proposal, "reject", reason)
    check(rejected["state"] == "rejected", name, f"after the rejection it is {rejected['state']}")
    _heard(pm, thread, name, reason)
    day.tell(f"{pm.name}'s thread heard the reason.")


def delivery_risk(day: Day) -> None:
    """Last week's status reports become a cited summary, and two risks for the register."""
    name, director = "delivery risk", day.player("delivery_director")
    thread = director.thread("Delivery risk")
    answer = director.say(thread, "Summarise last week's status reports: where are we at risk?")
    check(answer["event"] == "answered", name, f"the copilot did not answer: {answer}")
    day.tell(answer["text"])
    quotes = [c for c in answer["citations"] if c["kind"] == "quote"]
    check(bool(quotes), name, "nothing is quoted from a report")
    proposed = director.say(thread, "Put the first two on the risk register")["proposals"]
    check(len(proposed) == 2, name, f"{len(proposed)} risks were proposed, not two")
    for proposal in proposed:
        signer = day.signer(director.card(proposal))
        signer.decide(proposal, "approve")
        card = director.wait(proposal, "executed")
        day.tell(f"{signer.name} agrees; on the register: {card['title']}")


def time_entries(day: Day) -> None:
    """Strange time entries go back to their owners as one batch, less one that the approver keeps."""
    name, lead = "time entries", day.player("delivery_director")
    thread = lead.thread("Time entries")
    answer = lead.say(thread, "Is there anything strange in last week's time entries?")
    check(answer["event"] == "answered", name, f"the copilot did not answer: {answer}")
    day.tell(answer["text"])
    proposal = _only(lead.say(thread, "Send them back to their owners"), name)
    card = lead.card(proposal)
    items = [i["entry_id"] for i in card["action"]["items"]]
    check(len(items) >= 2, name, f"{len(items)} entry is too few to untick one")
    approver = day.signer(card)
    kept = items[1:]
    body = {
        "content_hash": approver.card(proposal)["content_hash"],
        "keep": kept,
        "reason": "Agreed with the client beforehand.",
    }
    approver.post(f"/v1/proposals/{proposal}/acceptances", body)
    while (card := lead.card(proposal))["state"] == "pending":
        day.signer(card).decide(proposal, "approve")
    done = lead.wait(proposal, "executed")
    returned = {e["item"] for e in done["effects"]}
    check(returned == set(kept), name, f"{len(returned)} entries were returned, {len(kept)} accepted")
    day.tell(
        f"{approver.name} unticks {items[0]} and accepts the other {len(kept)}: they are with their owners."
    )


def invoices(day: Day) -> None:
    """A payment reminder is edited by its approver: a new version that somebody else must sign."""
    name, finance = "invoices", day.player("finance")
    thread = finance.thread("Invoices")
    answer = finance.say(thread, f"When will {day.scenario.client_name} pay its open invoices?")
    check(answer["event"] == "answered", name, f"the copilot did not answer: {answer}")
    day.tell(answer["text"])
    proposal = _only(finance.say(thread, "Propose a reminder for the oldest one"), name)
    card = finance.card(proposal)
    editor = day.signer(card)
    before = card["content_hash"]
    action = {**card["action"], "body": card["action"]["body"] + "\n\nWe are glad to answer any question."}
    body = {"content_hash": before, "action": action, "note": "Friendlier: they are a good client."}
    edited = editor.post(f"/v1/proposals/{proposal}/edits", body)
    check(edited["version"] == 2 and edited["content_hash"] != before, name, "the edit made no new version")
    check(not any(s["signatures"] for s in edited["steps"]), name, "a signature was carried over")
    try:
        editor.decide(proposal, "approve")
    except Refused as refusal:
        day.tell(f"{editor.name} edits the words and may not sign them: {refusal.problem['detail']}")
    else:
        raise SceneFailed(name, "the editor signed their own words")
    while (card := finance.card(proposal))["state"] == "pending":
        day.signer(card).decide(proposal, "approve")
    done = finance.wait(proposal, "executed")
    day.tell(f"The new version is signed by somebody else and sent: {done['effects'][0]['external_ref']}")


def nightly_report(day: Day) -> None:
    """The nightly bench report runs now."""
    name = "nightly report"
    made = day.stage.run_nightly_report()
    check(bool(made["reports"]), name, "no report was made")
    check(bool(made["proposals"]), name, "no move was proposed")
    manager = day.player("resource_manager")
    seen = manager.get("/v1/reports")
    check(bool(seen), name, f"{manager.name} sees no report")
    page = manager.page(f"/v1/reports/{seen[0]['report_id']}/page")
    check("<svg" in page, name, "the report has no plot")
    day.tell(f"{len(made['reports'])} reports with plots, {len(made['proposals'])} moves proposed.")


def outage(day: Day) -> None:
    """The ERP goes down; what is approved waits and says so; it comes back; exactly one record is there."""
    name, finance = "outage", day.player("finance")
    thread = finance.thread("During the outage")
    finance.say(thread, f"When will {day.scenario.client_name} pay its open invoices?")
    proposal = _only(finance.say(thread, "Propose a reminder for the second one"), name)
    day.stage.take_down("erp")
    day.tell("The ERP is down.")
    try:
        while (card := finance.card(proposal))["state"] == "pending":
            day.signer(card).decide(proposal, "approve")
        waiting = _until_it_waits(finance, proposal, name)
        day.tell(f"Approved all the same; the card says it waits since {_clock(waiting)}.")
    finally:
        day.stage.bring_up("erp")
    key = finance.wait(proposal, "executed", seconds=90)["effects"][0]["idempotency_key"]
    there = day.stage.records("erp", "reminders", key)
    check(len(there) == 1, name, f"the ERP holds the reminder {len(there)} times")
    day.tell("The ERP is back; exactly one record is there.")


def gates_hold(day: Day) -> None:
    """Nobody signs their own, nobody sees what is not theirs, and the log shows who tried."""
    name, director = "gates", day.player("resource_manager")
    thread = director.thread("Own proposal")
    start = day.scenario.staffing.starts_on + timedelta(weeks=1)
    director.say(
        thread,
        f"Who could work as {day.scenario.staffing.role} with {day.scenario.staffing.skill} on "
        f"{day.scenario.project_name} from {start:%-d %B %Y}, 8 hours a week for 4 weeks?",
    )
    proposal = _only(director.say(thread, "Propose the first one"), name)
    _must_refuse(name, {403}, lambda: director.decide(proposal, "approve"))
    day.tell(f"{director.name} may not approve an own proposal.")
    stranger = day.player("second_project_manager")
    _must_refuse(name, {404}, lambda: stranger.card(proposal))
    answer = stranger.say(
        stranger.thread("Another practice"), f"Summarise the status reports of {day.scenario.project_name}"
    )
    said = answer.get("text", "")
    check(not answer.get("citations"), name, f"another practice's project was shown: {said[:200]}")
    day.tell(f"{stranger.name} asks for another practice's project: {said.splitlines()[0]}")
    auditor = day.player("auditor")
    events = auditor.get("/v1/audit", limit=100)["items"]
    check(any("refused" in e["action"] for e in events), name, "the refusal is not in the audit log")
    fault = day.stage.verify_audit()
    check(fault is None, name, f"the audit log does not hold: {fault}")
    anchor, fault = day.stage.anchor_audit()
    check(fault is None, name, f"with the anchor {anchor} the audit log does not hold: {fault}")
    altered = day.stage.verify_altered_copy()
    check(altered is not None, name, "an altered row was not noticed")
    day.tell(f"The audit log is whole, and its head is signed outside the database, in {anchor}.")
    day.tell(f"In a copy with one altered row, verify says: {altered}")


SCENES: tuple[tuple[str, Scene], ...] = (
    ("A senior data engineer is wanted", staffing),
    ("The client wants more", change_request),
    ("Last week's status reports", delivery_risk),
    ("Strange time entries", time_entries),
    ("Open invoices", invoices),
    ("The nightly bench report", nightly_report),
    ("The ERP goes down", outage),
    ("Gates that hold", gates_hold),
)


def _only(event: Json, scene: str) -> str:
    """The one proposal of a turn."""
    proposals = event.get("proposals") or []
    check(len(proposals) == 1, scene, f"{len(proposals)} proposals, one expected: {event.get('text')}")
    return str(proposals[0])


def _heard(persona: Persona, thread: str, scene: str, words: str) -> None:
    said = [m["text"] for m in persona.history(thread)]
    check(any(words in text for text in said), scene, f"the thread did not hear '{words}'")


def _ask_back(day: Day, asks: Persona, asked: Persona, thread: str, proposal: str, scene: str) -> None:
    """A question before the signature: it reaches the thread, its answer the card, and nothing is signed."""
    question = "Did Colette say when the board wants to see the first dashboard?"
    day.tell(f'{asks.name} asks back before signing: "{question}"')
    body = {"content_hash": asks.card(proposal)["content_hash"], "question": question}
    waiting = asks.post(f"/v1/proposals/{proposal}/questions", body)["questions"][-1]
    _heard(asked, thread, scene, question)
    answer = "At its next meeting; she gave no date."
    asked.post(f"/v1/proposals/{proposal}/questions/{waiting['question_id']}/answers", {"answer": answer})
    card = asks.card(proposal)
    check(card["questions"][-1]["answer"] == answer, scene, "the card does not show the answer")
    check(card["state"] == "pending", scene, f"after a question it is {card['state']}")
    day.tell(f'{asked.name} answers in the thread, and the card shows it: "{answer}"')


def _money(money: Mapping[str, str]) -> str:
    return f"{money['currency']} {Decimal(money['amount']):,.2f}"


def _until_it_waits(persona: Persona, proposal: str, scene: str) -> str:
    deadline = time.monotonic() + SYSTEM_DOWN_SECONDS
    while time.monotonic() < deadline:
        effect = persona.card(proposal)["effects"][0]
        if effect["waits_since"]:
            return str(effect["waits_since"])
        time.sleep(0.2)
    raise SceneFailed(scene, "the card does not say that it waits")


def _clock(moment: str) -> str:
    return f"{datetime.fromisoformat(moment):%H:%M:%S} UTC"


def _must_refuse(scene: str, statuses: set[int], attempt: Callable[[], object]) -> None:
    try:
        attempt()
    except Refused as refusal:
        check(refusal.status in statuses, scene, f"refused with {refusal}")
    else:
        raise SceneFailed(scene, "it was not refused")
