"""`chargehand delegation`, on the small firm's database."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner, Result

from api import database
from api.cli.delegation import app
from api.database import Place

TODAY = datetime.now(UTC).date()
DAYS = ("--first-day", str(TODAY - timedelta(1)), "--last-day", str(TODAY + timedelta(9)))


@pytest.fixture
def run(place: Place, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(database, "place", lambda settings: place)
    return lambda *arguments: CliRunner().invoke(app, list(arguments))


def test_added_listed_and_revoked(run: Any, place: Place) -> None:
    added: Result = run("add", "Rita Roth", "leo@example.com", "--reason", "Rita is ill", *DAYS, "--json")
    assert added.exit_code == 0, added.output
    made = json.loads(added.stdout)
    assert (made["delegator"]["person_id"], made["delegate"]["person_id"]) == ("rita", "leo")
    assert "Leo Lang for Rita Roth" in run("list").stdout
    revoked = json.loads(run("revoke", made["delegation_id"], "--json").stdout)
    assert revoked["revoked_by"]["person_id"] == "service:command-line"
    with psycopg.connect(place.admin) as owner:
        found = owner.execute("select action from audit.event where subject like 'delegation:%' order by seq")
        assert found.fetchall() == [("delegation.made_for_absent",), ("delegation.revoked",)]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("rita", "leo", "--reason", "ill"), "neither days nor leave"),
        (("rita", "leo", "--reason", "ill", "--on-leave", *DAYS), "both"),
        (("rita", "leo", "--reason", "ill", "--kind", "write_a_poem", *DAYS), "no such kind"),
        (("rita", "nobody", "--reason", "ill", *DAYS), "nobody of that name"),
        (("rita", "cleo", "--reason", "ill", *DAYS), "who decides nothing"),
    ],
)
def test_what_cannot_be_done_exits_with_2(arguments: tuple[str, ...], reason: str, run: Any) -> None:
    assert run("add", *arguments).exit_code == 2, reason
