"""What the number of workers goes by: how much waits for them, and for how long.

Beat writes it to its standard output as lines of CloudWatch's embedded metric format, from which CloudWatch makes metrics
where it gets the log: no SDK, no permission and no way out of the network is needed. Beat and not a task, because a task
would wait in the very queue that it measures.
"""

import json
import os
from dataclasses import dataclass
from datetime import datetime

import redis
from django.conf import settings

from pricing.domain.sweep import waiting_since

STANDARD_OUTPUT = 1


@dataclass(frozen=True)
class Measures:
    """One look at what waits."""

    queue_depth: int
    oldest_unrated_seconds: float

    def line(self, *, namespace: str, at: datetime) -> str:
        """The two as one line of CloudWatch's embedded metric format."""
        metrics = [{"Name": "QueueDepth", "Unit": "Count"}, {"Name": "OldestUnratedSeconds", "Unit": "Seconds"}]
        made = {"Namespace": namespace, "Dimensions": [[]], "Metrics": metrics}
        return json.dumps(
            {
                "_aws": {"Timestamp": int(at.timestamp() * 1000), "CloudWatchMetrics": [made]},
                "QueueDepth": self.queue_depth,
                "OldestUnratedSeconds": round(self.oldest_unrated_seconds, 3),
            }
        )


def measure(*, at: datetime) -> Measures:
    """Look at the queues, and at the oldest mark of what is not rated yet."""
    since = waiting_since()
    return Measures(
        queue_depth=_messages(), oldest_unrated_seconds=max((at - since).total_seconds(), 0.0) if since else 0.0
    )


def write(*, at: datetime) -> None:
    """Measure, and write the line; not by way of logging, which would put words before it."""
    line = measure(at=at).line(namespace=settings.METRICS_NAMESPACE, at=at)
    os.write(STANDARD_OUTPUT, f"{line}\n".encode())


def _messages() -> int:
    """Those that no worker has taken yet."""
    queues = {"celery"} | {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()}
    broker = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2)
    with broker.pipeline(transaction=False) as asked:
        for queue in sorted(queues):
            asked.llen(queue)
        return sum(asked.execute())
