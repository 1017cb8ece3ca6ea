"""An installation as its operator runs it: `chargehand serve` and `chargehand worker` as processes that can
be killed, with Slack's and Teams' sides, a mail server and the systems of record beside them."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import httpx
import psycopg

from api.auth.sessions import Sessions
from api.database import Place
from connectors.sim.twin import Twin
from connectors.testing import TOKEN, serving
from models.actions import SYSTEMS
from store.db import Database
from tests.api.small_firm import OPERATOR
from tests.deploy.production import free_port, ready
from tests.slack.people import SECRET, Slack, member
from tests.slack.people import peer as slack_peer
from tests.teams.peer import CLIENT, TENANT, Peer, activity
from tests.teams.peer import running as teams_peer
from tests.workflow import firm
from tests.workflow.mailbox import Mailbox, OnFreePort
from workflow.service import Workflow

Part = Literal["serve", "worker"]
LONGEST_S = 120.0  # a copilot loads its models first, and a lease of who was killed runs out first


@dataclass
class Installation:
    """The processes of ours, and the world around them."""

    home: Path
    port: int
    environment: dict[str, str]
    place: Place
    db: Database
    slack: Slack
    teams: Peer
    mailbox: Mailbox
    twin: Twin
    parts: dict[Part, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def workflow(self) -> Workflow:
        return Workflow(self.db)

    def start(self, part: Part) -> None:
        arguments = ["--port", str(self.port)] if part == "serve" else []
        with (self.home / f"{part}.log").open("ab") as log:
            self.parts[part] = subprocess.Popen(
                [sys.executable, "-m", "api.cli.main", part, *arguments],
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        if part == "serve":
            self.until(lambda: ready(self.url))
        else:
            told = "select 1 from workflow.surface where surface = 'slack' and enabled"
            self.until(lambda: self.query(told))

    def kill(self, part: Part) -> None:
        """As the machine does that loses power: nothing is finished."""
        with suppress(KeyError):
            process = self.parts.pop(part)
            process.kill()
            process.wait()

    def until(self, what: Callable[[], Any], seconds: float = LONGEST_S) -> Any:
        """What is wanted, as soon as it is there."""
        ends = time.monotonic() + seconds
        while not (found := what()):
            died = [part for part, process in self.parts.items() if process.poll() is not None]
            assert not died, (self.home / f"{died[0]}.log").read_text(errors="replace")[-3000:]
            assert time.monotonic() < ends, "it never came"
            time.sleep(0.05)
        return found

    def query(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """As the database's owner."""
        with psycopg.connect(self.place.admin, autocommit=True) as owner:
            cursor = owner.execute(statement.encode(), values)
            return cursor.fetchall() if cursor.description else []

    def sign_in_link(self, person_id: str) -> str:
        return f"{self.url}/sign-in/{Sessions(self.db).make_link(OPERATOR, person_id).token}"

    def in_teams(self, person: str, **what: Any) -> httpx.Response:
        """Teams hands an activity in."""
        body = activity(self.teams, person, **what)
        return httpx.post(f"{self.url}/api/messages", json=body, timeout=30, trust_env=False)


@contextmanager
def installed(place: Place, home: Path) -> Iterator[Installation]:
    """Everything around it runs; ours starts with `start`."""
    db = Database(place.roles)
    twin = Twin(home / "systems.db", seed=1)
    with psycopg.connect(place.admin) as owner:
        twin.plant(firm.records(owner))
    mailbox = Mailbox()
    post_office = OnFreePort(mailbox)
    post_office.start()
    port = free_port()
    with slack_peer() as slack, teams_peer(admits_anybody=True) as teams, serving(twin) as systems:
        slack.ours = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False)
        nobody_vouches_for = [member(p, is_email_confirmed=False) for p in ("rita", "rolf")]
        slack.seed(users=[member("fay"), member("amir"), *nobody_vouches_for])
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("CHARGEHAND_", "PG", "OPENAI_"))}
        environment = {
            **kept,
            "DATABASE_URL": place.admin,
            "CHARGEHAND_ENVIRONMENT": "development",
            "CHARGEHAND_HOME": str(home),
            "CHARGEHAND_PUBLIC_URL": f"http://127.0.0.1:{port}",
            "CHARGEHAND_SLACK_SIGNING_SECRET": SECRET,
            "CHARGEHAND_SLACK_BOT_TOKENS": "xoxb-1,xoxb-2",
            "CHARGEHAND_SLACK_API_URL": slack.api_url,
            "CHARGEHAND_TEAMS_CLIENT_ID": CLIENT,
            "CHARGEHAND_TEAMS_TENANT_ID": TENANT,
            "CHARGEHAND_TEAMS_SKIP_TOKEN_CHECK": "true",  # tokens are tested in tests/teams
            "CHARGEHAND_SMTP_URL": f"smtp://127.0.0.1:{post_office.port}",
            **{f"CHARGEHAND_{system.upper()}_URL": f"{systems}/{system}" for system in SYSTEMS},
            **{f"CHARGEHAND_{system.upper()}_TOKEN": TOKEN for system in SYSTEMS},
        }
        found = Installation(home, port, environment, place, db, slack, teams, mailbox, twin)
        try:
            yield found
        finally:
            for part in list(found.parts):
                found.kill(part)
            post_office.stop()
            db.close()
