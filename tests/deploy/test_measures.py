"""What the number of workers goes by: true numbers, in the form CloudWatch reads."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
import redis
from django.conf import LazySettings

from billing_engine import measures
from billing_engine.health import BEAT_KEY
from billing_engine.measures import Measures
from leads.models import BillingPeriod, UnratedMark
from tests.deploy.roles import empty, wait
from tests.factories.leads import BillingPeriodFactory
from tests.processes import empty_broker

AT = datetime(2026, 10, 15, 12, tzinfo=UTC)


@pytest.fixture
def broker(settings: LazySettings) -> redis.Redis:
    empty_broker()
    return redis.Redis.from_url(settings.REDIS_URL)


def test_where_nothing_waits_both_are_nought(db: None, broker: redis.Redis):
    assert measures.measure(at=AT) == Measures(queue_depth=0, oldest_unrated_seconds=0)


def test_messages_of_every_queue_count_and_the_oldest_mark_of_an_open_period_says_how_long(
    db: None, broker: redis.Redis
):
    for queue, messages in {"celery": 1, "rating": 2, "billing": 3, "somebody-else": 9}.items():
        broker.rpush(queue, *range(messages))
    _mark(BillingPeriod.State.OPEN, age=timedelta(minutes=1))
    _mark(BillingPeriod.State.OPEN, age=timedelta(minutes=7))
    _mark(BillingPeriod.State.CLOSED, age=timedelta(days=2))

    assert measures.measure(at=AT) == Measures(queue_depth=6, oldest_unrated_seconds=420)


def test_the_line_is_what_cloudwatch_makes_metrics_of():
    line = Measures(queue_depth=6, oldest_unrated_seconds=1.23456).line(namespace="LeadBilling/ecs", at=AT)

    assert json.loads(line) == {
        "_aws": {
            "Timestamp": 1_792_065_600_000,
            "CloudWatchMetrics": [
                {
                    "Namespace": "LeadBilling/ecs",
                    "Dimensions": [[]],
                    "Metrics": [
                        {"Name": "QueueDepth", "Unit": "Count"},
                        {"Name": "OldestUnratedSeconds", "Unit": "Seconds"},
                    ],
                }
            ],
        },
        "QueueDepth": 6,
        "OldestUnratedSeconds": 1.235,
    }


@pytest.mark.processes
def test_beat_writes_the_line_bare_and_only_where_a_namespace_is_named():
    with empty() as engine:
        engine.run("manage.py", "migrate_alone", "--verbosity", "0")
        beat = engine.start("beat", METRICS_NAMESPACE="LeadBilling/test")
        wait(beat, lambda: "_aws" in engine.log("beat"))
        [line] = re.findall(r"^{.*}$", engine.log("beat"), re.MULTILINE)
        assert json.loads(line)["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "LeadBilling/test"
        assert engine.stop("beat") == 0
        (engine.folder / "beat.log").unlink()
        broker = redis.Redis.from_url(engine.environ["REDIS_URL"])
        broker.delete(BEAT_KEY)

        beat = engine.start("beat")
        wait(beat, lambda: broker.exists(BEAT_KEY))
        assert "_aws" not in engine.log("beat")


def _mark(state: BillingPeriod.State, *, age: timedelta) -> None:
    closed_at = AT if state == BillingPeriod.State.CLOSED else None
    period = BillingPeriodFactory.create(state=state, closed_at=closed_at)
    mark = UnratedMark.objects.create(period=period, reason="test")
    UnratedMark.objects.filter(pk=mark.pk).update(created_at=AT - age)
