"""Settings come from the environment alone; secrets stay secret and are never empty."""

from collections.abc import Iterator

import pytest
from psycopg.conninfo import conninfo_to_dict
from pydantic import ValidationError

from api.settings import SettingMissing, Settings
from store.db import DB_ROLES

URL = "postgresql://owner:hunter2@db.example:6432/firm?sslmode=verify-full"


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    import os

    for variable in list(os.environ):
        if variable.startswith(("CHARGEHAND_", "OPENAI_", "OTEL_")) or variable == "DATABASE_URL":
            monkeypatch.delenv(variable)
    yield monkeypatch


def test_nothing_is_needed() -> None:
    found = Settings()
    assert (found.environment, found.host, found.port) == ("development", "127.0.0.1", 8000)
    assert found.database_url is None and found.model is None and not found.systems()
    assert found.home_directory.is_absolute()


def test_each_role_connects_as_itself_to_the_same_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHARGEHAND_SECRET", "a long secret that nobody knows")
    found = {role: conninfo_to_dict(dsn) for role, dsn in Settings().dsns(URL).items()}
    assert set(found) == set(DB_ROLES)
    for role, parts in found.items():
        assert parts["user"] == f"chargehand_{role}"
        assert (parts["host"], parts["port"], parts["dbname"]) == ("db.example", "6432", "firm")
        assert parts["sslmode"] == "verify-full"
        assert "hunter2" not in str(parts)
    assert len({p["password"] for p in found.values()}) == len(DB_ROLES)


def test_passwords_follow_from_the_secret_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHARGEHAND_SECRET", "one")
    first = Settings().role_passwords()
    assert Settings().role_passwords() == first
    monkeypatch.setenv("CHARGEHAND_SECRET", "two")
    assert not set(Settings().role_passwords().values()) & set(first.values())


@pytest.mark.parametrize("secret", [None, ""])
def test_production_has_a_secret(monkeypatch: pytest.MonkeyPatch, secret: str | None) -> None:
    """An empty one would be known to everybody."""
    monkeypatch.setenv("CHARGEHAND_ENVIRONMENT", "production")
    if secret is not None:
        monkeypatch.setenv("CHARGEHAND_SECRET", secret)
    with pytest.raises(SettingMissing, match="CHARGEHAND_SECRET"):
        Settings().role_passwords()


def test_secrets_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("CHARGEHAND_SECRET", "DATABASE_URL", "OPENAI_API_KEY", "CHARGEHAND_ERP_TOKEN"):
        monkeypatch.setenv(variable, "hunter2")
    shown = f"{Settings()!r} {Settings().model_dump_json()}"
    assert "hunter2" not in shown


def test_systems_of_record_are_those_with_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHARGEHAND_ERP_URL", "https://erp.example/api/")
    monkeypatch.setenv("CHARGEHAND_ERP_TOKEN", "t")
    monkeypatch.setenv("CHARGEHAND_CRM_URL", "")
    monkeypatch.setenv("CHARGEHAND_SYSTEMS_WITHOUT_KEYS", "erp, hris")
    found = Settings()
    ((system, (url, token)),) = found.systems().items()
    assert (system, url, token.get_secret_value()) == ("erp", "https://erp.example/api", "t")
    assert found.systems_without_keys == ("erp", "hris")


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("CHARGEHAND_PORT", "99999"),
        ("CHARGEHAND_ENVIRONMENT", "staging"),
        ("CHARGEHAND_ERP_URL", "erp.example"),
        ("CHARGEHAND_SYSTEMS_WITHOUT_KEYS", "erp,abacus"),
        ("CHARGEHAND_LOG_LEVEL", "loud"),
    ],
)
def test_what_cannot_be_meant_is_refused(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ValidationError):
        Settings()
