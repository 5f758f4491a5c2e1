"""Messages may be lost: the rows are the queue, and requests don't wait for a broker that is down."""

import os
import subprocess
import sys

import pytest

PROGRAM = """
import django; django.setup()
from billing_engine.core import tasks
import time
started = time.monotonic()
for number in range(200):
    tasks._send("pricing.simulate_customers", {"item_ids": [number]})
print(time.monotonic() - started)
"""


@pytest.mark.processes
def test_a_run_of_two_hundred_customers_waits_once_for_a_broker_that_is_away_and_not_two_hundred_times() -> None:
    away = {"DJANGO_SETTINGS_MODULE": "billing_engine.settings", "REDIS_URL": "redis://127.0.0.1:1/0"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=os.environ | away, capture_output=True, text=True, check=True, timeout=60
    )
    assert float(done.stdout) < 30
