"""The worker: the effect ledger in threads of its own, the clock-driven jobs beside it."""

import threading
from datetime import UTC, datetime

from pydantic import SecretStr

from api.chat import posts
from api.database import place, require_ready
from api.jobs.audit import anchor_if_due, forget_old
from api.jobs.bench_report import make_reports
from api.jobs.fitting import fit_all, fit_missing
from api.jobs.queue import job_queue
from api.mail import Mail, MailSettings
from api.settings import SettingMissing, Settings
from api.slack.clients import Workspaces
from api.slack.surface import Slack
from api.telemetry import configure_logging, configure_tracing
from api.webhooks.endpoints import sending
from api.webhooks.sending import HttpSender
from api.wiring import public_url
from connectors.http import SystemSettings, connect
from connectors.ports import Connectors
from models.actions import SYSTEMS, System
from models.text.embed import default_embedder
from store.db import Database
from store.shelf import Shelf
from tools.catalogue import TOOLS
from tools.registry import Registry
from workflow import deliveries, digests, webhook_outbox
from workflow.deliveries import Surface
from workflow.effects import run
from workflow.service import Workflow

WEBHOOK_THREADS = 4  # an endpoint that does not answer holds one at a time
LEDGER_THREADS = 2  # writes to different systems do not wait for one another


def tools() -> Registry:
    """The governed tools of this installation."""
    return Registry(TOOLS, embedder=default_embedder(), shelf=Shelf())


def connectors(settings: Settings) -> Connectors:
    """The systems of record of the settings. One without an address counts as down, so that what is approved
    for it waits, and says so, until it is connected."""
    found: dict[System, SystemSettings] = {}
    for system in SYSTEMS:
        url, token = settings.systems().get(system, (UNCONNECTED, SecretStr("")))
        found[system] = SystemSettings(
            url=url, token=token, supports_idempotency_keys=system not in settings.systems_without_keys
        )
    return connect(found)


UNCONNECTED = "http://not-connected.invalid"


def surfaces(settings: Settings, database: Database) -> list[Surface]:
    """Where people hear things outside our pages."""
    found: list[Surface] = []
    if settings.smtp_url is not None:
        sending = MailSettings(settings.smtp_url.get_secret_value(), settings.mail_from, public_url(settings))
        found.append(Mail(sending, database))
    if settings.slack_bot_tokens:
        found.append(slack(settings, database))
    if settings.teams_client_id:
        from api.teams.surface import teams_surface

        found.append(teams_surface(settings, database))
    return found


def posters(settings: Settings, database: Database) -> list[posts.Poster]:
    """Where messages that show a proposal are drawn anew."""
    found: list[posts.Poster] = []
    if settings.slack_bot_tokens:
        found.append(slack(settings, database))
    if settings.teams_client_id:
        from api.teams.surface import teams_poster

        found.append(teams_poster(settings))
    return found


def slack(settings: Settings, database: Database) -> Slack:
    is_open = settings.answers_in_channels == "open"
    return Slack(database, Workspaces.of(settings), public_url(settings), is_open=is_open)


def webhook_sender(settings: Settings) -> HttpSender | None:
    """Who sends webhooks; None where there is no key to sign them with."""
    try:
        return HttpSender(sending(settings, public_url(settings)))
    except SettingMissing:
        return None


def sweep(workflow: Workflow, db: Database) -> None:
    """Do what the clock asks for by now."""
    now = datetime.now(UTC)
    workflow.sweep(now)
    digests.enter(db, now)


def forget(db: Database, settings: Settings) -> None:
    """Drop what is kept for a while only."""
    forget_old(db, settings)
    webhook_outbox.forget(db)
    digests.forget(db)


def run_worker(settings: Settings) -> None:
    """Work until SIGINT or SIGTERM. What is in hand then is finished."""
    configure_logging(settings.log_format, settings.log_level)
    configure_tracing(str(settings.trace_endpoint) if settings.trace_endpoint else None, "chargehand-worker")
    where = place(settings)
    require_ready(settings, where)
    database, systems, stop = where.database(), connectors(settings), threading.Event()
    workflow, registry = Workflow(database), tools()
    ledger = [
        threading.Thread(target=run, args=(database, systems, stop), name=f"ledger-{n}")
        for n in range(LEDGER_THREADS)
    ]
    told = surfaces(settings, database)
    deliveries.enable(database, told)
    ledger += [  # each its own: a mail server that is slow holds no chat back
        threading.Thread(target=deliveries.run, args=(database, [s], stop), name=f"messages-{s.name}")
        for s in told
    ]
    ledger += [
        threading.Thread(target=posts.run, args=(database, [p], stop), name=f"posts-{p.name}")
        for p in posters(settings, database)
    ]
    if sender := webhook_sender(settings):
        ledger += [
            threading.Thread(target=webhook_outbox.run, args=(database, sender, stop), name=f"webhooks-{n}")
            for n in range(WEBHOOK_THREADS)
        ]
    queue = job_queue(
        where.roles["worker"],
        sweep=lambda: sweep(workflow, database),
        nightly=lambda now: make_reports(database, registry, now),
        refit=lambda now: fit_all(database, now),
        fit_missing=lambda now: fit_missing(database, now),
        anchor=lambda _: anchor_if_due(database, settings, datetime.now(UTC)),
        forget=lambda: forget(database, settings),
    )
    for thread in ledger:
        thread.start()
    try:
        with queue.open():
            queue.run_worker(install_signal_handlers=True, delete_jobs="successful", concurrency=2)
    finally:
        stop.set()
        for thread in ledger:
            thread.join()
        systems.close()
        database.close()
