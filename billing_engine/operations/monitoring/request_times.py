"""Request times, counted in the processes because they are stored nowhere.

gunicorn's processes write to files in one folder (`PROMETHEUS_MULTIPROC_DIR`, created by deploy/gunicorn.conf.py), and
the process that answers a scrape adds them up.
"""

from prometheus_client import Histogram, disable_created_metrics

disable_created_metrics()  # type: ignore[no-untyped-call]  # prometheus_client leaves it untyped

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

REQUEST_SECONDS = Histogram(
    "lead_billing_request_seconds",
    "How long requests took, by route.",
    ("method", "route", "status"),
    buckets=SECONDS,
    registry=None,
)
