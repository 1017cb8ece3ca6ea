"""The job queue: Procrastinate on our own database. A job only says 'look again'; what is to be done stands
in our tables, so a job that runs twice or not at all does no harm beyond a delay."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime

from procrastinate import App, JobContext, PsycopgConnector
from psycopg.conninfo import make_conninfo

log = logging.getLogger(__name__)

SWEEP = "* * * * *"  # reminders, escalations, expiries: their times are columns; anchors that are due
NIGHTLY = "30 3 * * *"  # UTC: after the day has ended in every office west to the Atlantic
TEN_MINUTES = "*/10 * * * *"
WEEKLY = "0 5 * * 0"
STALLED_SECONDS = 900


def job_queue(
    worker_dsn: str,
    *,
    sweep: Callable[[], object],
    nightly: Callable[[datetime], object],
    refit: Callable[[datetime], object],
    fit_missing: Callable[[datetime], object],
    anchor: Callable[[datetime], object],
    forget: Callable[[], object],
) -> App:
    """The jobs with a clock, as a Procrastinate application on the worker's connection string."""
    app = App(
        connector=PsycopgConnector(
            conninfo=make_conninfo(worker_dsn, options="-c search_path=jobs"), min_size=1, max_size=4
        )
    )

    @app.periodic(cron=SWEEP)
    @app.task(name="sweep-timers", queueing_lock="sweep-timers")
    def _sweep(timestamp: int) -> None:
        sweep()

    @app.periodic(cron=NIGHTLY)
    @app.task(name="nightly-report", queueing_lock="nightly-report", retry=3)
    def _nightly(timestamp: int) -> None:
        nightly(datetime.fromtimestamp(timestamp, UTC))

    @app.periodic(cron=WEEKLY)
    @app.task(name="refit-models", queueing_lock="refit-models")
    def _refit(timestamp: int) -> None:
        refit(datetime.fromtimestamp(timestamp, UTC))

    @app.periodic(cron=TEN_MINUTES)
    @app.task(name="fit-missing", queueing_lock="fit-missing")
    def _fit_missing(timestamp: int) -> None:
        fit_missing(datetime.fromtimestamp(timestamp, UTC))

    @app.periodic(cron=SWEEP)
    @app.task(name="anchor-audit", queueing_lock="anchor-audit")
    def _anchor(timestamp: int) -> None:
        anchor(datetime.fromtimestamp(timestamp, UTC))

    @app.periodic(cron=NIGHTLY)
    @app.task(name="forget-old", queueing_lock="forget-old", retry=3)
    def _forget(timestamp: int) -> None:
        forget()

    @app.periodic(cron=TEN_MINUTES)
    @app.task(name="retry-stalled", queueing_lock="retry-stalled", pass_context=True)
    async def _retry_stalled(context: JobContext, timestamp: int) -> None:
        """Procrastinate does not take up the jobs of a worker that died: we do."""
        manager = context.app.job_manager
        for job in await manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS):
            log.warning("job %s (%s) stalled; it is run again", job.id, job.task_name)
            await manager.retry_job(job)

    return app
