"""The copilot lives and dies beside the desk: it comes back when it is killed, goes with the desk however
that ends, and while it is away everything else goes on."""

import signal
import subprocess
import time
from collections.abc import Callable

import httpx
import psutil
import pytest

from api.auth.tokens import Tokens
from api.settings import Settings
from models.access import PERMISSIONS
from store.db import Database
from tests.deploy.production import (
    SECRET,
    Production,
    copilot_of,
    free_port,
    production,
    ready,
    started,
    until,
)
from tests.workflow import firm

__all__ = ["production", "started"]

Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture(scope="module")
def token(production: Production) -> str:
    """A firm in the database, and the token of one of its people."""
    assert production.run("migrate", **production.as_owner).returncode == 0
    roles = Settings(secret=SECRET).dsns(production.url)  # type: ignore[arg-type]
    firm.found(roles["steward"])
    database = Database(roles)
    made = Tokens(database).create(
        firm.principal("ada"), name="test", scopes=PERMISSIONS, days=1, person_id="paula"
    )
    database.close()
    return made.token


def gone(process: psutil.Process, seconds: float = 20.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.1)
    return False


def test_it_is_started_again_and_meanwhile_all_else_goes_on(
    production: Production, started: Start, token: str
) -> None:
    at = f"http://127.0.0.1:{free_port()}"
    desk = started("serve", "--port", at.rsplit(":", 1)[1])
    until(lambda: ready(at), desk, production.home / "serve.log")
    copilot = copilot_of(desk)
    with httpx.Client(base_url=at, headers={"Authorization": f"Bearer {token}"}, timeout=60) as paula:
        thread = paula.post("/v1/threads", json={}).json()["thread_id"]

        def ask() -> httpx.Response:
            text = {"text": "What waits for my decision?"}
            return paula.post(
                f"/v1/threads/{thread}/turns", json=text, headers={"Accept": "application/json"}
            )

        assert ask().json()["events"][-1]["event"] == "answered"
        copilot.kill()
        refused = ask()
        assert refused.status_code == 503 and refused.headers["content-type"] == "application/problem+json"
        assert refused.json()["type"].endswith("copilot-unavailable")
        assert (refused.json()["retry"], refused.headers["retry-after"]) == ("later", "2")
        for path in ("/v1/me", "/v1/proposals", f"/v1/threads/{thread}/messages", "/readyz"):
            assert paula.get(path).is_success, path
        until(lambda: ask().is_success, desk, production.home / "serve.log")
    again = copilot_of(desk)
    assert again.pid != copilot.pid
    desk.send_signal(signal.SIGTERM)
    assert desk.wait(30) == 0
    assert gone(again)


def test_a_desk_that_is_killed_leaves_no_copilot_behind(
    production: Production, started: Start, token: str
) -> None:
    at = f"http://127.0.0.1:{free_port()}"
    desk = started("serve", "--port", at.rsplit(":", 1)[1])
    until(lambda: ready(at), desk, production.home / "serve.log")
    copilot = copilot_of(desk)
    desk.kill()
    desk.wait()
    assert gone(copilot)


def test_one_elsewhere_is_asked_where_the_desk_holds_no_password_for_it(
    production: Production, started: Start, token: str
) -> None:
    """As in the compose file: each process with its own passwords."""
    passwords = Settings(secret=SECRET).role_passwords()  # type: ignore[arg-type]
    port, copilot_port = free_port(), free_port()
    own = {f"CHARGEHAND_{r.upper()}_PASSWORD": passwords[r] for r in ("agent", "workflow", "gate")}
    alone = production.run("serve", "--port", str(port), **own, CHARGEHAND_SECRET="")
    assert alone.returncode == 2 and "CHARGEHAND_COPILOT_URL" in alone.stderr
    answering = started(
        "copilot",
        "--port",
        str(copilot_port),
        CHARGEHAND_SECRET="",
        CHARGEHAND_COPILOT_PASSWORD=passwords["copilot"],
    )
    elsewhere = f"http://127.0.0.1:{copilot_port}"
    desk = started(
        "serve", "--port", str(port), CHARGEHAND_SECRET="", CHARGEHAND_COPILOT_URL=elsewhere, **own
    )
    at = f"http://127.0.0.1:{port}"
    until(lambda: ready(at), desk, production.home / "serve.log")
    until(lambda: _answers(elsewhere), answering, production.home / "copilot.log")
    listed = httpx.get(f"{at}/v1/tools", headers={"Authorization": f"Bearer {token}"}, timeout=30)
    assert {tool["name"] for tool in listed.json()} >= {"find_people", "check_time"}
    assert httpx.get(f"{elsewhere}/v1/tools").status_code == 401
    assert httpx.get(f"{elsewhere}/v1/tools", headers={"Authorization": f"Bearer {token}"}).status_code == 401


def test_a_copilot_that_could_do_more_does_not_start(production: Production, token: str) -> None:
    dsns = Settings(secret=SECRET).dsns(production.url)  # type: ignore[arg-type]
    refused = production.run("copilot", "--port", "0", DATABASE_URL=dsns["agent"], CHARGEHAND_SECRET="")
    assert refused.returncode == 2 and "chargehand_agent" in refused.stderr


def _answers(at: str) -> bool:
    try:
        return httpx.get(f"{at}/healthz").is_success
    except httpx.HTTPError:
        return False
