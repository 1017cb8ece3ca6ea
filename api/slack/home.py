"""App Home: a person's own queue, the most pressing first."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict
from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    DividerBlock,
    InteractiveElement,
    Option,
    SectionBlock,
    StaticSelectElement,
)
from slack_sdk.models.views import View

from api import wording
from api.chat.facts import line
from api.slack.blocks import Row, Span, aside, button, cut, heading, plain, rich, said
from models.actions import ACTION_KINDS, ActionKind
from workflow.cards import Box, Page, ProposalSummary

MOST_LINES = 40  # of a home tab: two blocks each, of the 100 it may hold
MOST_TITLE = 500
BOXES: Mapping[Box, str] = {"mine": "Waits for me", "asked": "I asked for", "all": "All I see"}
EMPTY: Mapping[Box, str] = {
    "mine": "Nothing waits for your signature. What others propose and only you may sign appears here, the"
    " most pressing first: by deadline, money and risk.",
    "asked": "You have proposed nothing yet. Ask for a shortlist, a change order or a reminder in the"
    " messages of this app. What you propose appears here with who must sign, and what became of it.",
    "all": "No proposals yet. Everything you may see appears here: yours, those you sign, and those of your"
    " projects.",
}
BOX, KIND, SHOW = "home.box.", "home.kind", "home.show"  # action_ids
EVERY = "every"  # kind


class Filter(BaseModel):
    """What the home tab is narrowed to. It travels in the view."""

    model_config = ConfigDict(frozen=True)

    box: Box = "mine"
    kind: ActionKind | None = None

    @classmethod
    def chosen(cls, action: Mapping[str, Any], view: Mapping[str, Any]) -> "Filter":
        """After a press on the home tab: from the action of a block_actions request, and the view that it was
        pressed on. Raises ValueError where it is none of ours."""
        before = cls.model_validate_json(view.get("private_metadata") or "{}").model_dump()
        if action["action_id"] == KIND:
            kind = action["selected_option"]["value"]
            return cls.model_validate(before | {"kind": None if kind == EVERY else kind})
        return cls.model_validate(before | {"box": action["action_id"].removeprefix(BOX)})


def view(
    queue: Page[ProposalSummary], chosen: Filter, waiting: int, zone: str, public_url: str
) -> dict[str, Any]:
    """The home tab. `waiting`: how many proposals wait for the reader; moments in `zone` (IANA name); the
    inbox on the web is at `public_url`."""
    site = public_url.rstrip("/")
    lines = queue.items[:MOST_LINES]
    more = queue.after is not None or len(queue.items) > MOST_LINES
    blocks = [
        heading("What waits for you" if chosen.box == "mine" else BOXES[chosen.box]),
        ActionsBlock(elements=[*_boxes(chosen, waiting), _kinds(chosen)]),
        DividerBlock(),
        *(block for item in lines for block in _line(item, chosen.box, zone)),
        *([] if lines else [said(_empty(chosen))]),
        DividerBlock(),
        rich([Row(_links(chosen, site, more=more))]),
    ]
    return View(type="home", private_metadata=chosen.model_dump_json(), blocks=blocks).to_dict()


def _boxes(chosen: Filter, waiting: int) -> Iterator[InteractiveElement]:
    for box, label in BOXES.items():
        count = f" ({waiting:,})" if box == "mine" and waiting else ""
        yield button(label + count, BOX + box, box, style="primary" if box == chosen.box else "")


def _kinds(chosen: Filter) -> StaticSelectElement:
    every = Option(value=EVERY, text=plain("Every kind"))
    options = [every, *(Option(value=k, text=plain(wording.KINDS[k])) for k in ACTION_KINDS)]
    initial = next(o for o in options if o.value == (chosen.kind or EVERY))
    return StaticSelectElement(action_id=KIND, options=options, initial_option=initial)


def _line(item: ProposalSummary, box: Box, zone: str) -> Sequence[Block]:
    pending = item.state == "pending"
    step = f"step {item.step + 1} of {item.steps_total}" if pending and item.steps_total > 1 else ""
    waits = (
        "" if not pending or box == "mine" else "waits for you" if item.waits_for_me else "waits for others"
    )
    state = f"expires {wording.moment(item.expires_at, zone)}" if pending else wording.STATES[item.state]
    return (
        SectionBlock(
            text=plain(cut(line(item.title), MOST_TITLE)),
            accessory=button("Show", SHOW, str(item.proposal_id)),
        ),
        aside(
            wording.KINDS[item.action_kind],
            wording.money(item.amount) if item.amount else "",
            cut(line(item.proposer.name), 100),
            step,
            state,
            waits,
            f"why you: {cut(line(item.why_you), 300)}" if item.why_you and box != "asked" else "",
        ),
    )


def _empty(chosen: Filter) -> str:
    if chosen.kind:
        return f"Nothing here is of the kind {wording.KINDS[chosen.kind]}. Choose another one above."
    return EMPTY[chosen.box]


def _links(chosen: Filter, site: str, *, more: bool) -> list[Span]:
    words = {"box": chosen.box} | ({"kind": chosen.kind} if chosen.kind else {})
    text = f"More than {MOST_LINES}: open the inbox" if more else "Open the inbox"
    return [Span(text, url=f"{site}/inbox?{urlencode(words)}")]
