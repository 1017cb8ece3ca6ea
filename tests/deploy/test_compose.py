"""The compose file is one, holds no secret, and lets nothing start before what it needs.

`compose-spec.json` beside this file is the schema of the Compose Specification
(https://github.com/compose-spec/compose-spec), under the Apache License 2.0: compose-spec.LICENSE."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ["migrate", "serve", "copilot", "worker", "systems"]
ROLES = ["agent", "workflow", "worker", "steward", "gate", "copilot"]


def test_it_is_a_compose_file() -> None:
    schema = json.loads(Path(__file__).with_name("compose-spec.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    faults = [
        f"{'/'.join(map(str, e.path))}: {e.message}"
        for e in Draft202012Validator(schema).iter_errors(COMPOSE)
    ]
    assert not faults


def test_the_schema_notices_what_is_wrong() -> None:
    schema = json.loads(Path(__file__).with_name("compose-spec.json").read_text(encoding="utf-8"))
    wrong = {**COMPOSE, "services": {**SERVICES, "worker": {**SERVICES["worker"], "restarts": "always"}}}
    assert not Draft202012Validator(schema).is_valid(wrong)


@pytest.mark.parametrize("name", ["POSTGRES_PASSWORD", *(f"CHARGEHAND_{r.upper()}_PASSWORD" for r in ROLES)])
def test_a_secret_comes_from_the_environment_and_must_be_there(name: str) -> None:
    uses = re.findall(rf"\$\{{{name}(:\?[^}}]+)?\}}", TEXT)
    assert uses and all(uses), f"{name} is used without ${{{name}:?message}}"


def test_only_migrating_holds_the_owners_password() -> None:
    holders = {name for name, service in SERVICES.items() if "POSTGRES_PASSWORD" in json.dumps(service)}
    assert holders == {"db", "migrate"}
    for name in ("serve", "copilot", "worker"):
        assert SERVICES[name]["environment"]["DATABASE_URL"] == "postgresql://db:5432/chargehand"


def test_each_holds_the_passwords_of_the_roles_it_works_with_and_no_other_secret() -> None:
    held = {
        name: {r for r in ROLES if f"CHARGEHAND_{r.upper()}_PASSWORD" in service.get("environment", {})}
        for name, service in SERVICES.items()
    }
    assert held == {
        "db": set(),
        "migrate": set(ROLES),
        "serve": {"agent", "workflow", "gate"},
        "copilot": {"copilot"},
        "worker": {"agent", "workflow", "worker"},
        "systems": set(),
    }
    assert "CHARGEHAND_SECRET" not in TEXT  # all passwords follow from it
    for variable, holders in (("OPENAI_API_KEY", {"copilot"}), ("CHARGEHAND_ERP_TOKEN", {"worker"})):
        assert {n for n, s in SERVICES.items() if variable in s.get("environment", {})} == holders


def test_only_the_worker_mails_and_anchors() -> None:
    """The address of the mail server holds a password, and who has the key can sign anchors."""
    for variable in ("CHARGEHAND_SMTP_URL", "CHARGEHAND_MAIL_FROM", "CHARGEHAND_AUDIT_KEY_FILE"):
        assert {n for n, s in SERVICES.items() if variable in s.get("environment", {})} == {"worker"}
    assert {n for n, s in SERVICES.items() if "secrets" in s} == {"worker"}
    assert "CHARGEHAND_AUDIT_KEY:" not in TEXT, "the key is a file, not a variable that every child inherits"


def test_who_shows_a_webhooks_secret_and_who_signs_with_it_hold_the_same_key() -> None:
    holders = {n for n, s in SERVICES.items() if "CHARGEHAND_WEBHOOK_KEY" in s.get("environment", {})}
    assert holders == {"serve", "worker"}


def test_the_worker_finds_the_anchors_and_the_key_where_they_are_mounted() -> None:
    worker = SERVICES["worker"]
    (mounted,) = worker["volumes"]
    (secret,) = worker["secrets"]
    assert worker["environment"]["CHARGEHAND_AUDIT_ANCHORS"] == (
        "${CHARGEHAND_ANCHORS_DIR:+" + mounted.rpartition(":")[2] + "}"
    )
    assert worker["environment"]["CHARGEHAND_AUDIT_KEY_FILE"] == (
        "${CHARGEHAND_ANCHORS_DIR:+/run/secrets/" + secret + "}"
    )
    assert secret in COMPOSE["secrets"] and "anchors" in COMPOSE["volumes"]


def test_settings_that_are_passed_on_empty_are_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a directory no anchors are asked for."""
    from api.settings import Settings

    monkeypatch.setenv("CHARGEHAND_AUDIT_ANCHORS", "")
    monkeypatch.setenv("CHARGEHAND_AUDIT_KEY_FILE", "")
    found = Settings()
    assert (found.audit_anchors, found.audit_key_file) == (None, None)


@pytest.mark.parametrize("name", ["serve", "copilot", "worker"])
def test_nothing_runs_before_the_database_is_migrated(name: str) -> None:
    assert SERVICES[name]["depends_on"] == {
        "db": {"condition": "service_healthy"},
        "migrate": {"condition": "service_completed_successfully"},
    }
    assert SERVICES["migrate"]["depends_on"] == {"db": {"condition": "service_healthy"}}


@pytest.mark.parametrize("name", OURS)
def test_our_containers_can_do_little(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] and service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service and "user" not in service  # the image's user is not root


@pytest.mark.parametrize("name", [n for n in SERVICES if n != "migrate"])
def test_what_runs_on_is_restarted_and_watched(name: str) -> None:
    assert SERVICES[name]["restart"] == "unless-stopped"
    assert name == "serve" or "test" in SERVICES[name]["healthcheck"]  # the image's own check is for serve


def test_only_the_service_is_reached_from_outside_and_only_from_this_machine_unless_told() -> None:
    assert {n: s["ports"] for n, s in SERVICES.items() if "ports" in s} == {
        "serve": ["${CHARGEHAND_BIND:-127.0.0.1}:8000:8000"]
    }


def test_every_setting_it_passes_on_is_one() -> None:
    from api.settings import Settings
    from models.text.embed import MODEL_VARIABLE

    known = {MODEL_VARIABLE, "CHARGEHAND_SIM_TOKEN", "PGUSER", "PGPASSWORD"}
    for name, field in Settings.model_fields.items():
        known.add(str(field.validation_alias or f"CHARGEHAND_{name.upper()}"))
    passed = {variable for name in OURS for variable in SERVICES[name]["environment"]}
    assert passed <= known
