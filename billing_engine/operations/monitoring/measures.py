"""Read the figures of stored and pending work, for Prometheus (`metrics.py`) and CloudWatch (`cloudwatch.py`)."""

import logging
import time
from datetime import datetime

import redis
from django.conf import settings
from django.db import DatabaseError, connection, transaction

from billing_engine.operations import health
from reports.queries import backlog

# A figure of the database that takes longer is left out of the response.
STATEMENT_SECONDS = 2

Figures = list[tuple[list[str], float]]

GAUGES: dict[str, tuple[str, tuple[str, ...]]] = {
    "lead_billing_answers": ("1 if the part responds, 0 if not.", ("part",)),
    "lead_billing_received_items": ("Received in the last five minutes.", ("kind", "outcome")),
    "lead_billing_rated_actions": ("Actions of the open billing periods, as last rated.", ("outcome",)),
    "lead_billing_backlog": ("Pending items; at most 100,000 marks and quarantined items are counted.", ("queue",)),
    "lead_billing_backlog_oldest_seconds": ("Age of the oldest pending item; 0 if there is none.", ("queue",)),
    "lead_billing_run_items": ("Items of unfinished billing runs.", ("cycle", "state")),
    "lead_billing_run_seconds": ("How long ago an unfinished billing run started.", ("cycle",)),
    "lead_billing_run_still_seconds": (
        "How long an unfinished billing run has made no progress; 0 if it is paused.",
        ("cycle",),
    ),
    "lead_billing_queue_messages": ("Messages waiting for a worker.", ("queue",)),
    "lead_billing_scrape_seconds": ("How long it took to read all figures.", ()),
}
UNDATED = {"failed_bills", "failed_mails", "failed_documents", "unpriceable"}  # their pages say since when

logger = logging.getLogger(__name__)


def read(*, at: datetime) -> dict[str, Figures]:
    """Every gauge by its name; an unresponsive part leaves its figures out, and is logged."""
    started = time.perf_counter()
    stored = _database(at)
    messages = _broker()
    figures = stored | messages
    figures["lead_billing_answers"] = [(["database"], float(bool(stored))), *messages["lead_billing_answers"]]
    figures["lead_billing_scrape_seconds"] = [([], time.perf_counter() - started)]
    return figures


def queue_names() -> list[str]:
    """Every queue that a task may be sent to."""
    return sorted({"celery"} | {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()})


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
            ([kind, outcome], count) for (kind, outcome), count in backlog.received_recently(at).items()
        ],
        "lead_billing_rated_actions": [([outcome], count) for outcome, count in rated.items()],
        "lead_billing_backlog": [([queue.name], queue.waiting) for queue in queues],
        "lead_billing_backlog_oldest_seconds": [
            ([queue.name], _seconds(queue.since, at)) for queue in queues if queue.name not in UNDATED
        ],
        "lead_billing_run_items": [([run.cycle, state], count) for run in runs for state, count in run.items.items()],
        "lead_billing_run_seconds": [([run.cycle], _seconds(run.started_at, at)) for run in runs],
        "lead_billing_run_still_seconds": [([run.cycle], _seconds(run.stalled_since, at)) for run in runs],
    }


def _seconds(since: datetime | None, at: datetime) -> float:
    return max((at - since).total_seconds(), 0.0) if since else 0.0


def _broker() -> dict[str, Figures]:
    """The number of waiting messages on each queue, and whether beat is running."""
    names = queue_names()
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
