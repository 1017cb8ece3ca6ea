"""`python -m api.cli.screens`: pictures of the demo's pages and of its cards in Slack for docs/, taken in
a headless browser."""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import Browser, FloatRect, Page, ViewportSize, sync_playwright

from api.cli.console import console, settings
from api.cli.demo_play import play_day
from api.cli.demo_stage import DemoHome, Running, prepare
from api.cli.eval_screens import looser_policy_page
from api.cli.slack_screens import slack_pages
from api.database import stop_embedded
from models.predict.base import silent

OUT = Path("docs/screens")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
WIDE: ViewportSize = {"width": 1280, "height": 860}
PHONE: ViewportSize = {"width": 390, "height": 844}
MESSAGE: ViewportSize = {"width": 720, "height": 240}
COMPARISON: FloatRect = {"x": 0, "y": 0, "width": 1280, "height": 2350}
COLOURS = 128  # of a picture: text stays sharp, and it takes a third of the room
ALL, MINE = "/inbox?box=all", "/inbox"
CARD = ".lines a[href^='/proposals/']"


@dataclass(frozen=True)
class Screen:
    """Whose eyes, which page, what is followed or typed there before the picture, and how it is shown."""

    part: str
    path: str
    follows: Sequence[str] = ()  # links, by selector
    keys: Sequence[str] = ()  # which open a card beside the list
    size: ViewportSize = field(default_factory=WIDE.copy)
    scheme: Literal["light", "dark"] = "light"


SCREENS = {
    "inbox": Screen("delivery_director", ALL),
    "inbox-mine": Screen("resource_manager", MINE),
    "inbox-pane": Screen("resource_manager", MINE, keys=["j", "Enter"]),
    "inbox-phone": Screen("delivery_director", ALL, size=PHONE),
    "proposal": Screen("account_owner", f"{ALL}&kind=create_change_order", [CARD]),
    "proposal-dark": Screen("resource_manager", MINE, [CARD], scheme="dark"),
    "proposal-phone": Screen("resource_manager", MINE, [CARD], size=PHONE),
    "batch": Screen("delivery_director", f"{ALL}&kind=return_time_entries", [CARD]),
    "alike": Screen("resource_manager", MINE, ["a[href$='/alike']"]),
    "edit": Screen("resource_manager", MINE, [CARD, "#edit-link"]),
    "delegations": Screen("delivery_director", "/delegations"),
    "chat": Screen("project_manager", "/chat", [".threads a[href^='/chat/']"]),
    "news": Screen("project_manager", "/news"),
    "report": Screen("delivery_director", "/reports", [".threads a[href^='/reports/']"]),
    "operations": Screen("delivery_director", "/operations"),
    "flow": Screen("delivery_director", "/operations/flow"),
    "delivery": Screen("delivery_director", "/operations/delivery"),
    "approvers": Screen("delivery_director", "/operations/approvers"),
    "return": Screen("delivery_director", "/operations/return"),
    "audit": Screen("auditor", "/audit"),
}


def main() -> None:
    """Take every picture, on the demo of CHARGEHAND_HOME, which is made and played if need be."""
    found = settings()
    home = DemoHome(found.home_directory / "demo")
    program = next((p for name in BROWSERS if (p := shutil.which(name))), None)
    if program is None:
        raise SystemExit("No Chromium is installed.")
    OUT.mkdir(parents=True, exist_ok=True)
    comparison = looser_policy_page()  # before Playwright's loop runs: Inspect starts one of its own
    try:
        prepare(found, home, 1.0, silent)
        personas = json.loads((home.truth / "personas.json").read_text(encoding="utf-8"))
        ids = {part: person["person_id"] for part, person in personas.items()}
        with Running.started(found, home) as running, sync_playwright() as playwright:
            if not home.played.exists():
                play_day(running, home)
            _delegate(running, ids)
            browser = playwright.chromium.launch(
                executable_path=program, args=["--no-sandbox", "--disable-gpu", "--disable-quic"]
            )
            for name, screen in SCREENS.items():
                _take(_signed_in(browser, running, ids[screen.part], screen), running.url, name, screen)
            for name, html in slack_pages(running, ids):
                _draw(browser.new_page(viewport=MESSAGE), html, name)
            _compare(browser.new_page(viewport=WIDE), comparison)
            browser.close()
    finally:
        stop_embedded(found)


def _delegate(running: Running, ids: Mapping[str, str]) -> None:
    """Somebody signs for the delivery director this week: the page of delegations shows something."""
    director = running.persona(ids["delivery_director"])
    if not director.get("/v1/delegations"):
        today = datetime.now(UTC).date()
        days = {"first_day": str(today), "last_day": str(today + timedelta(4))}
        scope = {"amount_limit": "50000.00", "kinds": ["create_assignment", "send_reminder"]}
        whom = {"delegate_id": ids["practice_lead"], "reason": "With a client in Lisbon"}
        director.post("/v1/delegations", whom | days | scope)


def _take(page: Page, url: str, name: str, screen: Screen) -> None:
    page.goto(url + screen.path)
    for selector in screen.follows:
        page.goto(url + str(page.locator(selector).first.get_attribute("href")))
    for key in screen.keys:
        page.keyboard.press(key)
    if screen.keys:
        page.wait_for_selector("#pane #card")
    if name == "report":  # it is a document of its own inside the page
        page.wait_for_load_state("networkidle")
    keep(page.screenshot(), name)
    page.context.close()


def _draw(page: Page, html: str, name: str) -> None:
    """What another's client would show, in full."""
    page.set_content(html)
    keep(page.screenshot(full_page=True), name)
    page.close()


def _compare(page: Page, html: str) -> None:
    """The top of a comparison, and the row that was lost first."""
    page.set_content(html)
    page.locator("details.group[open]").evaluate_all("all => all.forEach(d => d.open = false)")
    page.locator("details.row summary").first.click()
    keep(page.screenshot(full_page=True, clip=COMPARISON), "eval-comparison")
    page.close()


def keep(screenshot: bytes, name: str) -> None:
    """A picture for docs/."""
    picture = Image.open(BytesIO(screenshot)).convert("RGB")
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(OUT / f"{name}.png", optimize=True)
    console.print(f"{OUT / name}.png")


def _signed_in(browser: Browser, running: Running, person_id: str, screen: Screen) -> Page:
    page = browser.new_context(viewport=screen.size, color_scheme=screen.scheme).new_page()
    page.goto(running.sign_in_link(person_id))
    page.get_by_role("button").first.click()
    page.wait_for_url("**/inbox**")
    return page


if __name__ == "__main__":
    main()
