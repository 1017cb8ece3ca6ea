"""The workflow's figures for Prometheus, computed by SQL when they are asked for: whichever process is asked
gives the same. No label names a person."""

import logging
from collections.abc import Iterable

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from models.access import service
from models.errors import ChargehandError
from store.db import Database, Tx
from workflow import read
from workflow.insight import flow

log = logging.getLogger(__name__)

SCRAPER = service("metrics")
BOUNDS = (60.0, 600.0, 3_600.0, 4 * 3_600.0, 8 * 3_600.0, 86_400.0, 2 * 86_400.0, 3 * 86_400.0, 5 * 86_400.0)
HOUR = 3_600


class WorkflowMetrics(Collector):
    """Queues, decisions, effects, circuits and surfaces of one database."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def registry(self) -> CollectorRegistry:
        """A registry that holds these alone."""
        found = CollectorRegistry(auto_describe=False)
        found.register(self)
        return found

    def describe(self) -> Iterable[Metric]:
        return ()  # nothing is computed to register it

    def collect(self) -> Iterable[Metric]:
        """Without a database only that it is down: what the process itself counts is given all the same."""
        up = GaugeMetricFamily("chargehand_database_up", "1 while the database answers.")
        try:
            with self._db.tx(SCRAPER, "agent") as tx:
                found = [*_queues(tx), *_decisions(tx), *_effects(tx), *_surfaces(tx)]
        except ChargehandError:
            log.exception("the workflow's metrics could not be computed")
            up.add_metric([], 0)
            return [up]
        up.add_metric([], 1)
        return [up, *found]


def _queues(tx: Tx) -> Iterable[Metric]:
    labels = ["rule", "step"]
    waiting = GaugeMetricFamily("chargehand_queue_waiting", "Proposals that wait at a step.", labels=labels)
    ages = {
        name: GaugeMetricFamily(
            f"chargehand_queue_age_{name}_seconds", f"{words} age at a step.", labels=labels
        )
        for name, words in (("oldest", "Greatest"), ("median", "Median"), ("p90", "90th percentile of the"))
    }
    for queue in flow.queues(tx).by_step:
        waiting.add_metric([queue.rule, queue.step], queue.waiting)
        for name, metric in ages.items():
            metric.add_metric([queue.rule, queue.step], getattr(queue, f"{name}_hours") * HOUR)
    return [waiting, *ages.values()]


def _decisions(tx: Tx) -> Iterable[Metric]:
    verdicts = CounterMetricFamily(
        "chargehand_verdicts", "Verdicts on proposals.", labels=["kind", "verdict"]
    )
    for row in tx.records("metrics.verdicts"):
        verdicts.add_metric([row["kind"], row["verdict"]], row["count"])
    ended = CounterMetricFamily(
        "chargehand_proposals_ended", "Proposals that were settled or lapsed.", labels=["kind", "outcome"]
    )
    for row in tx.records("metrics.ended"):
        ended.add_metric([row["kind"], row["outcome"]], row["count"])
    took = HistogramMetricFamily(
        "chargehand_decision_seconds", "From a proposal to the verdict that settled it.", labels=["kind"]
    )
    bounds = [*map(str, BOUNDS), "+Inf"]
    for row in tx.records("metrics.decision_seconds", bounds=list(BOUNDS)):
        took.add_metric([row["kind"]], list(zip(bounds, row["cumulative"], strict=True)), row["total"])
    return [verdicts, ended, took]


def _effects(tx: Tx) -> Iterable[Metric]:
    labels = ["system", "state"]
    effects = GaugeMetricFamily("chargehand_effects", "Effects in the ledger.", labels=labels)
    oldest = GaugeMetricFamily(
        "chargehand_effect_oldest_seconds", "Age of the oldest effect that is not settled.", labels=labels
    )
    for row in tx.records("metrics.effects"):
        effects.add_metric([row["system"], row["state"]], row["count"])
        if row["state"] in ("ready", "leased", "parked"):
            oldest.add_metric([row["system"], row["state"]], row["oldest_seconds"])
    is_open = GaugeMetricFamily(
        "chargehand_circuit_open", "1 while a system of record is not written to.", labels=["system"]
    )
    for circuit in read.circuits(tx):
        is_open.add_metric([circuit.system], circuit.state != "closed")
    return [effects, oldest, is_open]


def _surfaces(tx: Tx) -> Iterable[Metric]:
    labels = ["surface", "what", "state"]
    waiting = GaugeMetricFamily(
        "chargehand_surface_waiting",
        "What chat and mail handed in or are to be sent, and cards that show what is no longer so.",
        labels=labels,
    )
    oldest = GaugeMetricFamily("chargehand_surface_oldest_seconds", "Age of the oldest of it.", labels=labels)
    for row in tx.records("metrics.surfaces"):
        where = [row["surface"], row["what"], row["state"]]
        waiting.add_metric(where, row["count"])
        oldest.add_metric(where, row["oldest_seconds"])
    return [waiting, oldest]
