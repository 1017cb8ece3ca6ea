"""Playing a scenario: people with their real rights talk with the real copilot in a copy of a firm, others
act meanwhile, and the database is read at the end."""

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from agents.budget import Meter
from agents.copilot import Copilot
from agents.endpoint import ModelSettings
from evals.cases import Answer, Step, Usage
from evals.demo_firms import DemoFirm
from evals.sandbox import NOW
from evals.subjects import Subject
from evals.suite import Setting
from evals.talking import world as worlds
from evals.talking.acts import Acts
from evals.talking.person import person
from evals.talking.script import Script
from evals.talking.talk import Talk
from evals.talking.witness import Witness
from evals.talking.world import World


class Played(Answer):
    """A conversation that is over, and the world it left."""

    world: World
    people: Mapping[str, str]  # ids, by how the scenario gives them
    speaker: str  # the id of who it is about
    messages: int  # of people to the copilot
    questions: int  # of the copilot to people
    marks: tuple[str, ...] = ()  # of the unseen that the speaker was told nevertheless
    cut_off: bool = False  # there was more to say, but no messages left
    mishaps: tuple[str, ...] = ()  # what the scenario itself wanted done and could not be

    def person(self, given: str) -> str:
        return self.people.get(given, given)

    def heard(self) -> Sequence[Step]:
        """What the copilot told the speaker, and what tools found for them."""
        return heard(self.trace, self.speaker)


def played(within: Setting, script: Script) -> Played:
    """Play a scenario with the subject of the setting, in a copy of the sandbox's firm under its policy."""
    subject = within.subject
    with within.sandbox.firm(subject.policy_set()) as firm:
        return play(script, firm, subject, speaks=subject.user_settings())


def play(
    script: Script,
    firm: DemoFirm,
    subject: Subject,
    *,
    speaks: ModelSettings | None = None,
    now: datetime = NOW,
) -> Played:
    """Play a scenario in a firm, which it changes. `speaks`: the language model that words what the people
    say; None: the scenario's own words. `now`: what the copilot takes the time to be.

    Raises EndpointFailed when that language model does not answer."""
    trace: list[Step] = []
    meters: list[Meter] = []
    started, since = time.monotonic(), worlds.before(firm.db)
    copilot = Copilot(
        firm.db,
        witness := Witness(firm.registry, trace.append),
        subject.settings(),
        turns=1,
        clock=lambda: now,
        prompt=subject.prompt_of("copilot"),
        metered=meters.append,
    )
    try:
        acts = Acts(firm, witness, trace, now)
        talk = Talk(script, copilot, acts, person(script, speaks), trace)
        talk.play()
        people = {given: acts.principal(given).person_id for given in sorted(script.people())}
    finally:
        copilot.close()
    end, speaker = worlds.world(firm.db, since), people[script.speaker]
    tokens = sum(m.input_tokens for m in meters), sum(m.output_tokens for m in meters)
    return Played(
        text=next((s.text for s in reversed(trace) if s.kind in ("answered", "asked")), ""),
        trace=tuple(_with_proposals(trace, end)),
        usage=Usage(
            input_tokens=tokens[0],
            output_tokens=tokens[1],
            seconds=time.monotonic() - started,
            cost=subject.cost(*tokens),
        ),
        world=end,
        people=people,
        speaker=speaker,
        messages=talk.messages,
        questions=talk.questions,
        marks=_told_of(worlds.marks(firm.db, script.expect.unseen), trace, speaker),
        cut_off=talk.cut_off,
        mishaps=tuple(acts.mishaps),
    )


def heard(trace: Sequence[Step], person_id: str) -> list[Step]:
    """The steps by which somebody was told something."""
    return [s for s in trace if s.kind != "called" and s.data.get("to") == person_id]


def _told_of(unseen: frozenset[str], trace: Sequence[Step], speaker: str) -> tuple[str, ...]:
    """The marks that the speaker was told, but for those they had said themselves."""
    said = "\n".join(s.text for s in trace if s.kind == "said" and s.by == speaker)
    told = "\n".join(f"{s.text}\n{dict(s.data)}" for s in heard(trace, speaker))
    return tuple(sorted(m for m in unseen if m in told and m not in said))


def _with_proposals(trace: Sequence[Step], end: World) -> Iterator[Step]:
    """What was proposed, with what it is now."""
    proposals = {str(p.proposal_id): p for p in end.proposals}
    for step in trace:
        found = proposals.get(str(step.data.get("proposal"))) if step.kind == "proposed" else None
        if found is None:
            yield step
            continue
        data = found.model_dump(mode="json", include={"state", "version", "rule", "action"})
        signers = sorted({seat.person_id for seat in found.seats})
        more = {"proposal": str(found.proposal_id), "gate": list(found.steps), "signers": signers}
        yield step.model_copy(update={"text": found.title, "data": more | data})
