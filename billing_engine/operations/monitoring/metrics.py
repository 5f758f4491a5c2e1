"""The response of `/metrics`: figures of the database and Redis, read on request, and request times.

Stored figures are not also counted in processes: workers come and go, and would forget them. Every web process returns
the same figures, so use one of them (`max`), never their sum; request times belong to each gunicorn, and add up.
"""

import os
from collections.abc import Iterable, Iterator

from django.utils.timezone import now
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from billing_engine.operations.monitoring import measures
from billing_engine.operations.monitoring.measures import GAUGES, Figures
from billing_engine.operations.monitoring.request_times import REQUEST_SECONDS


def registry() -> CollectorRegistry:
    """The metrics of one scrape."""
    made = CollectorRegistry()
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        MultiProcessCollector(made)  # type: ignore[no-untyped-call]  # prometheus_client leaves it untyped
    else:
        made.register(REQUEST_SECONDS)
    made.register(StoredFigures())
    return made


class StoredFigures(Collector):
    """The figures for Prometheus."""

    def collect(self) -> Iterator[Metric]:
        found = measures.read(at=now())
        for name, (words, labels) in GAUGES.items():
            if name in found:
                yield _family(name, words, labels, found[name])


def _family(name: str, words: str, labels: Iterable[str], found: Figures) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, words, labels=list(labels))
    for values, figure in found:
        family.add_metric(values, figure)
    return family
