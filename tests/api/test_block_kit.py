"""The drawing of Slack's surfaces for docs/ shows every text of the blocks, and none as markup."""

from html import unescape
from typing import Any

from api.cli import block_kit
from api.slack import cards, home, modals
from tests.chat.cards import ZONE, made
from tests.slack.test_cards import URL, texts
from tests.slack.test_home import summary
from tests.workflow import firm
from workflow.cards import Page


def test_all_texts_are_drawn() -> None:
    sly = made(firm.risk(statement="<script>alert(1)</script>"), title="<b>Risk</b>")
    blocks = cards.card_blocks(sly, "rita", ZONE, URL)
    drawn = block_kit.message(blocks)
    assert "<script>" not in drawn
    assert all(text in unescape(drawn) for text in texts(blocks))


def test_forms_and_the_home_tab_are_drawn_too() -> None:
    for view in (modals.edit(made()), modals.accept_part(made(firm.returned_time("t-1", "t-2")), ZONE)):
        drawn = unescape(block_kit.view(view))
        labels = [b["label"]["text"] for b in view["blocks"] if b["type"] == "input"]
        assert all(text in drawn for text in (*labels, *texts(view["blocks"][:2])))
        assert all(f.get("initial_value", "") in drawn for f in map(_element, view["blocks"]))
    tab = home.view(Page(items=(summary(),), after=None), home.Filter(), 1, ZONE, URL)
    drawn = unescape(block_kit.view(tab))
    assert all(text in drawn for text in ("Carl Cole on Aurora", "Waits for me (1)", "Every kind", "Show"))


def _element(block: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = block.get("element", {})
    return found
