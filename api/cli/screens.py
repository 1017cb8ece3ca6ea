"""`python -m api.cli.screens`: pictures of the demo's pages for docs/, taken in a headless browser."""

import json
import shutil
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from api.cli.console import console, settings
from api.cli.demo_stage import DemoHome, Running, prepare
from api.database import stop_embedded
from models.predict.base import silent

OUT = Path("docs/screens")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
WIDE = {"width": 1280, "height": 860}
PHONE = {"width": 390, "height": 844}
# name: whose eyes, which page, how wide
SCREENS = {
    "inbox": ("delivery_director", "/inbox?box=all", WIDE),
    "proposal": ("account_owner", "/inbox?box=all&kind=create_change_order", WIDE),
    "batch": ("delivery_director", "/inbox?box=all&kind=return_time_entries", WIDE),
    "chat": ("project_manager", "/chat", WIDE),
    "news": ("project_manager", "/news", WIDE),
    "report": ("delivery_director", "/reports", WIDE),
    "operations": ("delivery_director", "/operations", WIDE),
    "flow": ("delivery_director", "/operations/flow", WIDE),
    "delivery": ("delivery_director", "/operations/delivery", WIDE),
    "approvers": ("delivery_director", "/operations/approvers", WIDE),
    "return": ("delivery_director", "/operations/return", WIDE),
    "audit": ("auditor", "/audit", WIDE),
    "inbox-phone": ("delivery_director", "/inbox?box=all", PHONE),
}
OPENS_FIRST = {"proposal": "main a[href^='/proposals/']", "batch": "main a[href^='/proposals/']"}
OPENS_FIRST |= {"chat": "nav[aria-label] a[href^='/chat/']", "report": "nav a[href^='/reports/']"}


def main() -> None:
    """Take every picture, on the demo of CHARGEHAND_HOME, which is made if need be."""
    found = settings()
    home = DemoHome(found.home_directory / "demo")
    program = next((p for name in BROWSERS if (p := shutil.which(name))), None)
    if program is None:
        raise SystemExit("No Chromium is installed.")
    OUT.mkdir(parents=True, exist_ok=True)
    try:
        prepare(found, home, 1.0, silent)
        personas = json.loads((home.truth / "personas.json").read_text(encoding="utf-8"))
        with Running.started(found, home) as running, sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=program, args=["--no-sandbox", "--disable-gpu", "--disable-quic"]
            )
            for name, (part, path, size) in SCREENS.items():
                page = _signed_in(browser, running, personas[part]["person_id"], size)
                page.goto(running.url + path)
                if opens := OPENS_FIRST.get(name):
                    page.locator(opens).first.click()
                page.wait_for_load_state("networkidle" if name == "report" else "load")
                page.screenshot(path=OUT / f"{name}.png")
                page.context.close()
                console.print(f"{OUT / name}.png")
            browser.close()
    finally:
        stop_embedded(found)


def _signed_in(browser: Browser, running: Running, person_id: str, size: dict[str, int]) -> Page:
    page = browser.new_context(viewport={"width": size["width"], "height": size["height"]}).new_page()
    page.goto(running.sign_in_link(person_id))
    page.get_by_role("button").first.click()
    page.wait_for_url("**/inbox**")
    return page


if __name__ == "__main__":
    main()
