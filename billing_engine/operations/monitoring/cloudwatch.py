"""Metrics for CloudWatch: lines in its embedded metric format, which beat writes every minute.

CloudWatch creates metrics from such lines in the log: no SDK, permission or outgoing network access is needed. Beat
writes them, because a task would wait in the very queue that it measures.

A metric's name is the gauge's without `lead_billing_`, such as `BacklogOldestSeconds`, and its dimensions are the
gauge's labels, except for the cycle: an alarm has to name each value of a dimension, and every month has a new cycle.
So figures of several runs are combined, items by their sum and seconds by the longest; without a run they are 0. Totals
over all queues or kinds, for scaling and alarms, are written as `TOTALS`, so that no alarm has to calculate.
"""

import json
import os
from collections.abc import Iterator
from datetime import datetime

from billing_engine.operations.monitoring import measures
from billing_engine.operations.monitoring.measures import GAUGES, Figures
from reports.queries.backlog import STATES

STANDARD_OUTPUT = 1
PREFIX = "lead_billing_"
CYCLE = "cycle"
TOTALS = {
    "QueueDepth": "the sum of all messages, for scaling",
    "DeepestQueue": "the most messages on one queue",
    "OldestUnratedSeconds": "the oldest mark, for scaling",
    "ReceivedTotal": "received in five minutes, of both kinds",
    "QuarantinedShare": "how much of it went to quarantine, of the worse kind (0 to 1)",
}

Dimensions = tuple[tuple[str, str], ...]


def write(*, at: datetime, namespace: str) -> None:
    """Read the figures and write the lines; not with logging, which would add a prefix."""
    for line in lines(measures.read(at=at), at=at, namespace=namespace):
        os.write(STANDARD_OUTPUT, f"{line}\n".encode())


def lines(found: dict[str, Figures], *, at: datetime, namespace: str) -> Iterator[str]:
    """One line for all metrics with the same dimensions and values."""
    measured: dict[Dimensions, dict[str, float]] = {}
    for gauge, values in found.items():
        for dimensions, value in _by_dimensions(gauge, values).items():
            measured.setdefault(dimensions, {})[metric_name(gauge)] = value
    measured.setdefault((), {}).update(_totals(found))
    for dimensions, metrics in measured.items():
        yield _line(dimensions, metrics, at=at, namespace=namespace)


def metric_name(gauge: str) -> str:
    """`lead_billing_run_items` is `RunItems`."""
    return "".join(word.title() for word in gauge.removeprefix(PREFIX).split("_"))


def dimensions_of(gauge: str) -> list[str]:
    """A metric's dimensions, from the labels of its gauge."""
    return [label.title() for label in GAUGES[gauge][1] if label != CYCLE]


def _by_dimensions(gauge: str, values: Figures) -> dict[Dimensions, float]:
    labels = GAUGES[gauge][1]
    made: dict[Dimensions, float] = {}
    if CYCLE in labels:
        made = {(("State", state),): 0.0 for state in STATES} if "state" in labels else {(): 0.0}
    for label_values, value in values:
        named = zip(labels, label_values, strict=True)
        key = tuple((label.title(), one) for label, one in named if label != CYCLE)
        earlier = made.get(key, 0.0)
        made[key] = max(earlier, value) if gauge.endswith("_seconds") else earlier + value
    return made


def _totals(found: dict[str, Figures]) -> dict[str, float]:
    made: dict[str, float] = {}
    if messages := [value for _, value in found.get("lead_billing_queue_messages", [])]:
        made |= {"QueueDepth": sum(messages), "DeepestQueue": max(messages)}
    for [queue], seconds in found.get("lead_billing_backlog_oldest_seconds", []):
        if queue == "marks":
            made["OldestUnratedSeconds"] = seconds
    if received := found.get("lead_billing_received_items"):
        made |= {"ReceivedTotal": sum(value for _, value in received), "QuarantinedShare": _quarantined(received)}
    return made


def _quarantined(received: Figures) -> float:
    of_kind: dict[str, float] = {}
    refused: dict[str, float] = {}
    for (kind, outcome), value in received:
        of_kind[kind] = of_kind.get(kind, 0.0) + value
        if outcome == "quarantined":
            refused[kind] = value
    return max(refused.get(kind, 0.0) / everything if everything else 0.0 for kind, everything in of_kind.items())


def _line(dimensions: Dimensions, metrics: dict[str, float], *, at: datetime, namespace: str) -> str:
    names = [name for name, _ in dimensions]
    about = {
        "Namespace": namespace,
        "Dimensions": [names],
        "Metrics": [{"Name": name, "Unit": _unit(name)} for name in metrics],
    }
    return json.dumps(
        {
            "_aws": {"Timestamp": int(at.timestamp() * 1000), "CloudWatchMetrics": [about]},
            **dict(dimensions),
            **{name: round(value, 3) for name, value in metrics.items()},
        }
    )


def _unit(name: str) -> str:
    if name.endswith("Share"):
        return "None"
    return "Seconds" if name.endswith("Seconds") else "Count"
