"""What beat writes for CloudWatch: the same figures as for Prometheus, in CloudWatch's format."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import LazySettings

from billing_engine.core.calendar.spans import Month
from billing_engine.operations.health import BEAT_KEY
from billing_engine.operations.monitoring import cloudwatch, measures
from billing_engine.operations.monitoring.cloudwatch import TOTALS
from billing_engine.operations.monitoring.measures import GAUGES
from invoices.domain.run.billing_run import start
from leads.models import BillingPeriod, UnratedMark
from tests.deploy.roles import empty, wait
from tests.factories.leads import BillingPeriodFactory
from tests.house.tree import codes, table, text
from tests.processes import empty_broker

AT = datetime(2026, 10, 15, 12, tzinfo=UTC)
Written = dict[tuple[str, ...], dict[str, float]]


@pytest.fixture
def broker(settings: LazySettings) -> redis.Redis:
    empty_broker()
    return redis.Redis.from_url(settings.REDIS_URL)


def test_every_gauge_becomes_a_metric_by_its_labels_without_the_cycle(db: None, broker: redis.Redis):
    found = measures.read(at=AT)

    metrics: dict[str, set[tuple[str, ...]]] = {}
    for line in _lines(found):
        [about] = line["_aws"]["CloudWatchMetrics"]
        for metric in about["Metrics"]:
            metrics.setdefault(metric["Name"], set()).update(tuple(names) for names in about["Dimensions"])

    assert metrics == {
        "Answers": {("Part",)},
        "ReceivedItems": {("Kind", "Outcome")},
        "RatedActions": {("Outcome",)},
        "Backlog": {("Queue",)},
        "BacklogOldestSeconds": {("Queue",)},
        "RunItems": {("State",)},
        "RunSeconds": {()},
        "RunStillSeconds": {()},
        "QueueMessages": {("Queue",)},
        "ScrapeSeconds": {()},
        **{total: {()} for total in TOTALS},
    }
    assert {cloudwatch.metric_name(gauge) for gauge in GAUGES} == set(metrics) - set(TOTALS)


def test_one_figure_is_the_same_in_both_places(db: None, broker: redis.Redis):
    _mark(BillingPeriod.State.OPEN, age=timedelta(minutes=7))
    found = measures.read(at=AT)

    written = _written(found)

    for gauge in ("lead_billing_backlog", "lead_billing_backlog_oldest_seconds", "lead_billing_answers"):
        name = cloudwatch.metric_name(gauge)
        assert {key: metrics[name] for key, metrics in written.items() if name in metrics} == {
            tuple(labels): value for labels, value in found[gauge]
        }


def test_runs_of_several_cycles_are_one_figure_and_no_run_is_nought(db: None, broker: redis.Redis):
    none = _written(measures.read(at=AT))
    for month, minutes in ((8, 50), (9, 20)):
        starts = datetime(2026, month, 1, tzinfo=UTC)
        BillingPeriodFactory.create_batch(
            2, label=f"2026-0{month}", start_at=starts, end_at=starts.replace(month=month + 1)
        )
        start(Month(2026, month), by=None, at=AT - timedelta(minutes=minutes))

    two = _written(measures.read(at=AT))

    states = ("waiting", "billed", "nothing", "failed")
    assert {state: none[state,]["RunItems"] for state in states} == dict.fromkeys(states, 0)
    assert (none[()]["RunSeconds"], none[()]["RunStillSeconds"]) == (0, 0)
    # August's two are also in September's run.
    assert {state: two[state,]["RunItems"] for state in states} == {**dict.fromkeys(states, 0), "waiting": 6}
    assert (two[()]["RunSeconds"], two[()]["RunStillSeconds"]) == (3000, 3000)


def test_where_nothing_waits_scaling_is_told_nought(db: None, broker: redis.Redis):
    assert _scaling() == (0, 0)


def test_messages_of_every_queue_count_and_the_oldest_mark_of_an_open_period_says_how_long(
    db: None, broker: redis.Redis
):
    for queue, messages in {"celery": 1, "rating": 2, "billing": 3, "somebody-else": 9}.items():
        broker.rpush(queue, *range(messages))
    _mark(BillingPeriod.State.OPEN, age=timedelta(minutes=1))
    _mark(BillingPeriod.State.OPEN, age=timedelta(minutes=7))
    _mark(BillingPeriod.State.CLOSED, age=timedelta(days=2))

    assert _scaling() == (6, 420)
    assert _written(measures.read(at=AT))[()]["DeepestQueue"] == 3
    empty_broker()


def test_what_came_in_is_added_up_and_the_worse_kind_says_how_much_was_refused():
    def totals(*received: tuple[str, str, int]) -> dict[str, float]:
        found = {"lead_billing_received_items": [([kind, outcome], float(n)) for kind, outcome, n in received]}
        return _written(found)[()]

    assert totals(("lead", "created", 3), ("lead", "quarantined", 1), ("action", "created", 6)) == {
        "ReceivedTotal": 10,
        "QuarantinedShare": 0.25,
    }
    assert totals(("lead", "created", 9), ("action", "quarantined", 2), ("action", "test", 2)) == {
        "ReceivedTotal": 13,
        "QuarantinedShare": 0.5,
    }
    assert totals(("lead", "created", 0), ("lead", "quarantined", 0)) == {"ReceivedTotal": 0, "QuarantinedShare": 0}


def test_without_redis_it_says_so_and_what_is_stored_is_written_all_the_same(db: None, settings: LazySettings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    written = _written(measures.read(at=AT))

    assert [written[part,]["Answers"] for part in ("database", "broker", "beat")] == [1, 0, 0]
    assert written["marks",]["Backlog"] == 0
    assert "QueueDepth" not in written[()]


def test_a_line_is_what_cloudwatch_makes_metrics_of():
    found: dict[str, measures.Figures] = {
        "lead_billing_backlog": [(["marks"], 2)],
        "lead_billing_backlog_oldest_seconds": [(["marks"], 1.23456)],
    }

    [line, scaling] = _lines(found)

    assert line == {
        "_aws": {
            "Timestamp": 1_792_065_600_000,
            "CloudWatchMetrics": [
                {
                    "Namespace": "LeadBilling/ecs",
                    "Dimensions": [["Queue"]],
                    "Metrics": [
                        {"Name": "Backlog", "Unit": "Count"},
                        {"Name": "BacklogOldestSeconds", "Unit": "Seconds"},
                    ],
                }
            ],
        },
        "Queue": "marks",
        "Backlog": 2,
        "BacklogOldestSeconds": 1.235,
    }
    assert scaling["OldestUnratedSeconds"] == 1.235


def test_the_guide_has_every_metric_on_cloudwatch_with_its_dimensions():
    rows = table(text(Path("docs/running.md")), "on CloudWatch", "metric", "dimensions")

    told = {codes(row[0])[0]: (row[1].strip("`"), codes(row[2])) for row in rows}
    gauges = {cloudwatch.metric_name(gauge): (gauge, cloudwatch.dimensions_of(gauge)) for gauge in GAUGES}
    assert told == gauges | {name: (words, []) for name, words in TOTALS.items()}


@pytest.mark.processes
def test_beat_writes_the_lines_bare_and_only_where_a_namespace_is_named():
    with empty() as engine:
        engine.run("manage.py", "migrate_alone", "--verbosity", "0")
        beat = engine.start("beat", METRICS_NAMESPACE="LeadBilling/test")
        wait(beat, lambda: "OldestUnratedSeconds" in engine.log("beat"))
        lines = [json.loads(line) for line in re.findall(r"^{.*}$", engine.log("beat"), re.MULTILINE)]
        assert {line["_aws"]["CloudWatchMetrics"][0]["Namespace"] for line in lines} == {"LeadBilling/test"}
        assert {line["Part"]: line["Answers"] for line in lines if "Part" in line} == {
            "database": 1,
            "broker": 1,
            "beat": 1,
        }
        assert engine.stop("beat") == 0
        (engine.folder / "beat.log").unlink()
        broker = redis.Redis.from_url(engine.environ["REDIS_URL"])
        broker.delete(BEAT_KEY)

        beat = engine.start("beat")
        wait(beat, lambda: broker.exists(BEAT_KEY))
        assert "_aws" not in engine.log("beat")


def _lines(found: dict[str, measures.Figures]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in cloudwatch.lines(found, at=AT, namespace="LeadBilling/ecs")]


def _written(found: dict[str, measures.Figures]) -> Written:
    """Metrics by the values of their dimensions."""
    written: Written = {}
    for line in _lines(found):
        [about] = line["_aws"]["CloudWatchMetrics"]
        values = tuple(line[name] for name in about["Dimensions"][0])
        written.setdefault(values, {}).update({metric["Name"]: line[metric["Name"]] for metric in about["Metrics"]})
    return written


def _scaling() -> tuple[float, float]:
    written = _written(measures.read(at=AT))[()]
    return written["QueueDepth"], written["OldestUnratedSeconds"]


def _mark(state: BillingPeriod.State, *, age: timedelta) -> None:
    closed_at = AT if state == BillingPeriod.State.CLOSED else None
    period = BillingPeriodFactory.create(state=state, closed_at=closed_at)
    mark = UnratedMark.objects.create(period=period, reason="test")
    UnratedMark.objects.filter(pk=mark.pk).update(created_at=AT - age)
