"""What `/metrics` answers: figures of the database and of Redis, read when they are asked for, and request times.

A figure that is stored is not counted in processes as well: workers come and go, and would forget it. Every web process
answers the same figures, so take one of them (`max`), never their sum; request times are each gunicorn's own, and add up.
"""

import logging
import os
import time
from collections.abc import Iterable, Iterator
from datetime import datetime

import redis
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.utils.timezone import now
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from billing_engine import health
from billing_engine.watch.times import REQUEST_SECONDS
from reports.queries import backlog

# A scrape that the database keeps waiting longer is answered without its figures.
STATEMENT_SECONDS = 2

Figures = list[tuple[list[str], float]]

GAUGES: dict[str, tuple[str, tuple[str, ...]]] = {
    "lead_billing_answers": ("1 where the part answers, 0 where it does not.", ("part",)),
    "lead_billing_received_items": ("Received in the last five minutes.", ("kind", "outcome")),
    "lead_billing_rated_actions": ("Actions of the open billing periods, as last rated.", ("outcome",)),
    "lead_billing_backlog": ("What waits; of marks and quarantine at most 100,000 are counted.", ("queue",)),
    "lead_billing_backlog_oldest_seconds": ("How long the oldest has waited; 0 where nothing waits.", ("queue",)),
    "lead_billing_run_items": ("Items of the billing runs that are not finished.", ("cycle", "state")),
    "lead_billing_run_seconds": ("How long ago a billing run that is not finished began.", ("cycle",)),
    "lead_billing_queue_messages": ("Messages that wait for a worker.", ("queue",)),
    "lead_billing_scrape_seconds": ("How long it took to read all of these.", ()),
}

logger = logging.getLogger(__name__)


def registry() -> CollectorRegistry:
    """What is exported, for one scrape."""
    made = CollectorRegistry()
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        MultiProcessCollector(made)  # type: ignore[no-untyped-call]  # prometheus_client leaves it untyped
    else:
        made.register(REQUEST_SECONDS)
    made.register(StoredFigures())
    return made


class StoredFigures(Collector):
    """Reads PostgreSQL and Redis; what does not answer leaves its figures out, and says so."""

    def collect(self) -> Iterator[Metric]:
        started = time.perf_counter()
        at = now()
        stored = _database(at)
        messages = _broker()
        figures = stored | messages
        figures["lead_billing_answers"] = [
            (["database"], float(bool(stored))),
            *messages["lead_billing_answers"],
        ]
        figures["lead_billing_scrape_seconds"] = [([], time.perf_counter() - started)]
        for name, (words, labels) in GAUGES.items():
            if name in figures:
                yield _family(name, words, labels, figures[name])


def _family(name: str, words: str, labels: Iterable[str], figures: Figures) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, words, labels=list(labels))
    for values, figure in figures:
        family.add_metric(values, figure)
    return family


def _database(at: datetime) -> dict[str, Figures]:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [f"{STATEMENT_SECONDS}s"])
            return _stored(at)
    except DatabaseError as error:
        logger.warning("No figures of the database: %s", error)
        connection.close_if_unusable_or_obsolete()
        return {}


def _stored(at: datetime) -> dict[str, Figures]:
    rated = backlog.rated_in_open_periods()
    queues = backlog.queues(unrated=rated["unrated"])
    runs = backlog.runs()
    return {
        "lead_billing_received_items": [
            ([kind, outcome], count) for (kind, outcome), count in backlog.received_lately(at).items()
        ],
        "lead_billing_rated_actions": [([outcome], count) for outcome, count in rated.items()],
        "lead_billing_backlog": [([queue.name], queue.waiting) for queue in queues],
        "lead_billing_backlog_oldest_seconds": [
            ([queue.name], _seconds(queue.since, at)) for queue in queues if queue.name not in UNDATED
        ],
        "lead_billing_run_items": [([run.cycle, state], count) for run in runs for state, count in run.items.items()],
        "lead_billing_run_seconds": [([run.cycle], _seconds(run.started_at, at)) for run in runs],
    }


UNDATED = {"failed_bills", "failed_mails", "failed_documents", "unpriceable"}  # their pages say since when


def _seconds(since: datetime | None, at: datetime) -> float:
    return max((at - since).total_seconds(), 0.0) if since else 0.0


def _broker() -> dict[str, Figures]:
    """How many messages wait on each queue that a task may be sent to, and whether beat is at work."""
    names = sorted({"celery"} | {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()})
    try:
        with health.broker() as client, client.pipeline(transaction=False) as pipe:
            for name in names:
                pipe.llen(name)
            *lengths, beats = pipe.exists(health.BEAT_KEY).execute()
    except redis.RedisError as error:
        logger.warning("No figures of the broker: %s", error)
        return {"lead_billing_answers": [(["broker"], 0.0), (["beat"], 0.0)]}
    return {
        "lead_billing_answers": [(["broker"], 1.0), (["beat"], float(beats))],
        "lead_billing_queue_messages": [([name], length) for name, length in zip(names, lengths, strict=True)],
    }
