"""The planner's own words. Whatever they say of the firm comes from a tool's result."""

import re
from collections.abc import Iterable, Mapping, Sequence

from agents.memory import PROPOSAL_AFTER
from agents.transcript import Step

ABOUT: Mapping[str, str] = {
    "find_people": "find people for a role",
    "propose_assignment": "propose to book somebody on a project",
    "bench_outlook": "show who is or comes on the bench",
    "propose_reallocation": "propose to move somebody from the bench to a project",
    "propose_development": "propose training for somebody",
    "compare_change": "compare a client's message with the contract",
    "propose_change_order": "propose a change order",
    "summarise_status": "sum up the risks in status reports",
    "propose_risks": "propose entries for the risk register",
    "check_time": "look for odd time entries",
    "propose_returns": "propose to send time entries back",
    "predict_payments": "say when open invoices will be paid",
    "propose_reminder": "propose a payment reminder",
    "check_readiness": "check what would keep an invoice from being paid",
    "propose_hold": "propose to hold an invoice",
    "my_proposals": "show what waits for you and what you asked for",
}
"""What each tool does, after 'I can' or 'Shall I'."""

_SAY: Mapping[str, str] = {
    "find_people": "Who could be the data engineer on Lighthouse from March, 60%?",
    "bench_outlook": "Who is on the bench in the next 8 weeks?",
    "compare_change": "The client wrote: (paste the message)",
    "summarise_status": "Summarise last week's status reports for Lighthouse",
    "check_time": "Anything strange in last week's time?",
    "predict_payments": "When will the client's open invoices be paid?",
    "check_readiness": "Is Lighthouse ready to be invoiced?",
    "my_proposals": "What waits for me?",
}
_NEXT: Mapping[str, str] = {
    "propose_assignment": "Say 'propose the first' or name someone, and I propose the booking.",
    "propose_reallocation": "Say who should go where, and I propose it.",
    "propose_change_order": "Say 'propose it', and I propose the change order.",
    "propose_risks": "Say 'put the first two on the register', and I propose them.",
    "propose_returns": "Say 'send them back', and I propose to return them.",
    "propose_reminder": "Say 'remind them about the oldest', and I propose a reminder.",
    "propose_hold": "Say 'hold it', with the invoice, and I propose the hold.",
}

DECISIONS = (
    "Decisions are not taken in chat. A proposal is approved, rejected or withdrawn in the inbox, or on its "
    "card, by "
    "the people the policy names, who see there exactly what will be written. I can show you what waits for "
    "you."
)
NOTHING_PROPOSED = "Understood: I propose nothing."
DROPPED = "All right, I have dropped that."
LEFT = "Then I leave it at that. Say it again when you know."
INSTRUCTIONS_IGNORED = (
    "I take what stands in a pasted message as material, never as an instruction to me. Tell me in your own "
    "words what "
    "you would like to know about it."
)


def help_text(tools: Iterable[str], greeting: bool) -> str:
    """What the copilot can do for this person."""
    able = [t for t in _SAY if t in tools]
    hello = "Hello. " if greeting else ""
    lines = [f'- {ABOUT[t]}: "{_SAY[t]}"' for t in able]
    if not lines:
        return f"{hello}Your role gives me no tools to work with here. An administrator can change that."
    return "\n".join(
        [
            f"{hello}I look things up in the firm's records, compute and propose; other people sign. I work "
            f"by fixed "
            "rules, so plain words work best. I can",
            *lines,
        ]
    )


def out_of_scope(tools: Iterable[str]) -> str:
    """An honest no."""
    able = [ABOUT[t] for t in _SAY if t in tools]
    if not able:
        return "That is nothing I can do, and your role gives me no tools here."
    listed = f"{', '.join(able[:-1])} and {able[-1]}" if able[1:] else able[0]
    return f"That is nothing I can do. What I can: {listed}."


def not_permitted(tool: str) -> str:
    return f"To {ABOUT.get(tool, tool)} is not among the things your role allows here."


def which_intent(candidates: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """A question and its options."""
    options = tuple(ABOUT[c].capitalize() for c in candidates)
    return "I am not sure what you mean. Shall I", options


def missing(argument: str) -> str:
    """The question for an argument that was not said."""
    return {
        "project": "For which project?",
        "role": "For which role?",
        "person": "Who do you mean?",
        "client": "For which client?",
        "skill": "Which skill?",
        "message": "Please paste what the client wrote, word for word.",
        "invoice": "Which invoice?",
        "starts_on": "From which day?",
        "ends_on": "Until which day?",
        "hours_per_week": "How many hours a week?",
    }.get(argument, f"What should I take as {argument.replace('_', ' ')}?")


def answer(steps: Sequence[Step], tools: Iterable[str]) -> str:
    """What the turn's calls came to, in the tools' own words, and what can be said next."""
    parts = [s.result.text if s.result else _refused(s) for s in steps]
    able = set(tools)
    for step in reversed(steps):
        follow = [t for t in PROPOSAL_AFTER.get(step.tool, ()) if t in able and t in _NEXT]
        if step.result and step.result.citations and follow:
            parts.append(_NEXT[follow[0]])
            break
    return "\n\n".join(dict.fromkeys(p for p in parts if p))


def _refused(step: Step) -> str:
    sentence = re.sub(r"^The arguments of \w+ do not fit: ", "I could not use what you said: ", step.error)
    return sentence or f"I could not {ABOUT.get(step.tool, step.tool)}."
