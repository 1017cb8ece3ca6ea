"""`python -m api.cli.surfaces`: Teams driven for real. A demo firm is served in development, Microsoft's
Agents Playground (a Teams client in a browser, by npm) talks to it, and a headless browser asks, opens a
card, approves and sees the card change. Pictures go to docs/. What was installed and started is gone then.

The playground is pre-release software that is licensed for evaluation: it is no part of this repository, and
nothing here runs in CI."""

import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
from playwright.sync_api import Browser, FloatRect, Page, ViewportSize, expect, sync_playwright

from api.cli.console import console, settings
from api.cli.demo_stage import START_SECONDS, DemoHome, Part, Running, make_firm
from api.cli.screens import BROWSERS, OUT, keep
from api.database import place, set_up, stop_embedded
from api.settings import Settings
from demo.client import Json, Refused
from demo.scenario import Scenario
from models.predict.base import silent

PLAYGROUND = "@microsoft/m365agentsplayground@0.2.28"
NODE = 18  # the oldest that it runs on
SCALE = 0.2  # of the demo firm: people and projects enough to ask about
BOT = "00000000-0000-0000-0000-00000000c4a6"
TENANT = "00000000-0000-0000-0000-0000000000e1"
QUESTION = "What waits for my decision?"
PATIENCE_MS = 60_000  # for what the copilot or a worker does
TALL: ViewportSize = {"width": 1280, "height": 1340}
CHAT: FloatRect = {"x": 0, "y": 0, "width": 948, "height": 1340}  # without the log, which names folders


def main() -> None:
    """Drive it, and say what could not be done."""
    node, npm, browser = (_program(*names) for names in (("node",), ("npm",), BROWSERS))
    _check_node(node)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="chargehand-surfaces-")))
        playground = _installed(npm, folder)
        found = settings().model_copy(
            update={"home": folder / "home", "database_url": None, "environment": "development"}
        )
        stack.callback(stop_embedded, found)
        home = _firm(found)
        teams = {
            "CHARGEHAND_ENVIRONMENT": "development",
            "CHARGEHAND_TEAMS_CLIENT_ID": BOT,
            "CHARGEHAND_TEAMS_TENANT_ID": TENANT,
            "CHARGEHAND_TEAMS_SKIP_TOKEN_CHECK": "true",
        }
        running = stack.enter_context(Running.started(found, home, teams))
        proposal, signer = _proposed(running, Scenario.load(home.truth))
        OUT.mkdir(parents=True, exist_ok=True)
        url = stack.enter_context(_playing(node, playground, folder, running, signer))
        with sync_playwright() as playwright:
            opened = playwright.chromium.launch(
                executable_path=browser, args=["--no-sandbox", "--disable-gpu", "--disable-quic"]
            )
            _drive(opened, url, running, proposal, signer)
            opened.close()


def _program(*names: str) -> str:
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None:
        raise SystemExit(
            f"{names[0]} is missing: the Agents Playground needs Node.js with npm, and Chromium."
        )
    return found


def _check_node(node: str) -> None:
    said = subprocess.run([node, "--version"], check=True, capture_output=True, text=True).stdout
    if int(said.lstrip("v").split(".")[0]) < NODE:
        raise SystemExit(f"Node.js {NODE} or newer is needed, this is {said.strip()}.")


def _installed(npm: str, folder: Path) -> Path:
    """The playground's command, in a folder that goes away."""
    done = subprocess.run(
        [npm, "install", "--prefix", str(folder), "--no-audit", "--no-fund", "--no-save", PLAYGROUND],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"npm could not install {PLAYGROUND}: {done.stderr[-500:]}")
    return folder / "node_modules" / PLAYGROUND.rpartition("@")[0] / "cli.js"


def _firm(found: Settings) -> DemoHome:
    """A small firm, without models: nothing here asks for a prediction."""
    home = DemoHome(found.home_directory / "demo")
    home.root.mkdir(parents=True)
    where = place(found)
    set_up(found, where)
    database = where.database()
    try:
        make_firm(home, database, SCALE, silent)
    finally:
        database.close()
    return home


def _proposed(running: Running, scenario: Scenario) -> tuple[str, str]:
    """The id of an assignment that waits, and of somebody who may sign it."""
    asks = running.persona(scenario.personas["project_manager"])
    thread = asks.thread("Staffing")
    _patiently(lambda: asks.say(thread, scenario.staffing.sentence))
    (proposal,) = asks.say(thread, "Take the first one")["proposals"]
    card = asks.card(proposal)
    signer: Json = card["steps"][card["step"]]["approvers"][0]["person"]
    console.print(f"{asks.name} proposed: {card['title']}. {signer['name']} may sign it.", markup=False)
    return proposal, signer["person_id"]


def _patiently(ask: Callable[[], object]) -> None:
    """Again while the copilot is still starting."""
    ends = time.monotonic() + START_SECONDS
    while True:
        try:
            ask()
        except Refused as refused:
            if refused.status != httpx.codes.SERVICE_UNAVAILABLE or time.monotonic() > ends:
                raise
            time.sleep(1)
        else:
            return


@contextmanager
def _playing(node: str, playground: Path, folder: Path, running: Running, signer: str) -> Iterator[str]:
    """The playground, with the signer as its user; its address."""
    me = running.persona(signer).get("/v1/me")
    cast = folder / ".m365agentsplayground.yml"  # where it looks; JSON is YAML
    cast.write_text(json.dumps(_cast(me["name"], me["email"])), encoding="utf-8")
    log = folder / "playground.log"
    command = ["sh", "-c", 'cd "$0" && exec "$@"', str(folder), node, str(playground), "start"]
    command += ["--app-endpoint", f"{running.url}/api/messages", "--channel-id", "msteams"]
    part = Part("playground", [*command, "--disable-telemetry"], log, {"BROWSER": "none"})
    try:
        part.until(lambda: _answers(_url(log)))
        yield _url(log)
    finally:
        part.stop()


def _url(log: Path) -> str:
    """Where the playground says that it listens: it takes another port where its own is taken."""
    said = re.search(r"^Listening on (\d+)", log.read_text(encoding="utf-8"), re.MULTILINE)
    return f"http://127.0.0.1:{said[1] if said else 0}"


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2).is_success
    except httpx.HTTPError:
        return False


def _cast(name: str, email: str) -> dict[str, Any]:
    """Who is who in the playground: its user has the signer's address; the five others are nobody here."""
    others = [_user(n, f"Guest {n}", f"guest{n}@elsewhere.example") for n in range(1, 6)]
    return {
        "version": "0.1.1",
        "tenantId": TENANT,
        "bot": {"id": BOT, "name": "Chargehand"},
        "currentUser": _user(0, name, email),
        "users": others,
        "personalChat": {"id": "personal-chat"},
        "groupChat": {"id": "group-chat", "name": "Group Chat"},
        "team": {
            "id": "team-id",
            "name": "Delivery",
            "aadGroupId": "00000000-0000-0000-0000-000000000031",
            "channels": [{"id": "channel-announcements", "name": "Announcements"}],
        },
    }


def _user(number: int, name: str, email: str) -> dict[str, str]:
    given, _, surname = name.partition(" ")
    return {
        "id": f"user-id-{number}",
        "aadObjectId": f"00000000-0000-0000-0000-{number + 20:012}",
        "name": name,
        "userPrincipleName": email,  # spelled so there
        "givenName": given,
        "surname": surname,
        "email": email,
    }


def _drive(browser: Browser, url: str, running: Running, proposal: str, signer: str) -> None:
    """Ask, read, sign, and see the card change. Raises AssertionError where it does not."""
    page = browser.new_page(viewport=TALL)
    page.goto(url)
    page.locator("button", has_text="Personal Chat").first.click()
    _write(page, QUESTION)
    title = running.persona(signer).card(proposal)["title"]  # which the answer lists
    expect(page.get_by_text(title[:30]).last).to_be_visible(timeout=PATIENCE_MS)
    keep(page.screenshot(clip=CHAT), "teams-answer")
    _write(page, f"show {proposal}")
    approve = page.get_by_role("button", name="Approve", exact=True).last
    expect(approve).to_be_visible(timeout=PATIENCE_MS)
    approve.scroll_into_view_if_needed()
    keep(page.screenshot(clip=CHAT), "teams-card")
    approve.click()
    expect(
        page.get_by_text("Approved, being written").or_(page.get_by_text("Done, since")).first
    ).to_be_visible(timeout=PATIENCE_MS)
    expect(page.get_by_role("button", name="Approve", exact=True)).to_have_count(0, timeout=PATIENCE_MS)
    keep(page.screenshot(clip=CHAT), "teams-approved")
    signed = running.persona(signer).card(proposal)
    signatures = [s for step in signed["steps"] for s in step["signatures"]]
    if [s["surface"] for s in signatures] != ["teams"]:
        raise AssertionError(f"it is not signed in Teams: {signatures}")
    console.print("Asked, read and signed in Teams; the card changed.")


def _write(page: Page, text: str) -> None:
    page.locator("[contenteditable=true]").first.click()
    page.keyboard.type(text)
    page.keyboard.press("Enter")


if __name__ == "__main__":
    main()
