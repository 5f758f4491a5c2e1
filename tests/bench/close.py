"""How long finance waits for the month close page with a full month of data."""

import time
from datetime import UTC, datetime
from statistics import median, quantiles

from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings
from django.urls import reverse

from invoices.domain.life.close import close
from invoices.domain.month_close.close_month import create_missing_months
from invoices.models import BillingCycle
from leads.models import BillingPeriod, Delivery
from pricing.models import UnratedAction
from tests.bench import world
from tests.bench.measure import execute, say
from tests.bench.report.lines import Measured, Outcome
from tests.bench.report.registry import Asked
from tests.bench.simulation.pages import WITHOUT_A_MANIFEST
from tests.bench.worker import forget_peak, peak_mb, work

NOVEMBER_3 = datetime(2026, 11, 3, tzinfo=UTC)
ACTIONS_A_DELIVERY = 4  # as if every lead is sent alone: the most rows a month can have
DELIVERIES = """
    INSERT INTO leads_delivery (source_id, received_at, name, content_type, body, body_size, body_sha256, {counts})
    SELECT source_id, '2026-10-01Z'::timestamptz + n * interval '10 seconds', '', '', '', 0, '', {values}
      FROM leads_delivery first, generate_series(1, %(deliveries)s) n WHERE first.id = (SELECT min(id) FROM leads_delivery)
"""


def measure_close(asked: Asked) -> Outcome:
    """The page as finance opens it, through all of Django, repeatedly."""
    actions = asked.actions or asked.sized(4_000, 100_000, 1_000_000)
    call_command("migrate", verbosity=0)
    say(f"loading {actions:,} actions")
    here, periods = world.build()
    here.load(periods, actions)
    _deliver(actions // ACTIONS_A_DELIVERY)
    say("rating them, and billing half of the customers")
    work([[period.pk for period in periods]])
    _bill(periods[: len(periods) // 2])
    execute("VACUUM ANALYZE")
    create_missing_months()
    address = reverse("admin:invoices_billingcycle_change", args=[BillingCycle.objects.get().pk])
    browser = Client()
    browser.force_login(User.objects.create(username="fay", is_staff=True, is_superuser=True))
    say("opening the page")
    forget_peak()  # what loading needed
    with override_settings(ALLOWED_HOSTS=["*"], STORAGES=WITHOUT_A_MANIFEST):
        times, queries = _opened(browser, address, 10 * asked.rounds)
    return Outcome(
        f"{actions:,} actions in {actions // ACTIONS_A_DELIVERY:,} deliveries, {len(periods)} periods.",
        {
            "Page of the month close, median": Measured(median(times)),
            "Page of the month close, p95": Measured(quantiles(times, n=20)[-1]),
            "Memory of the process that showed it": Measured(peak_mb()),
        },
        [f"{queries} queries a page; {len(times)} times, through all of Django without a web server."],
    )


def _deliver(deliveries: int) -> None:
    fields = [
        field.column for field in Delivery._meta.concrete_fields if field.column.startswith(("leads_", "actions_"))
    ]
    ones = {"leads_received": 1, "leads_created": 1, "actions_received": 4, "actions_created": 4}
    values = ", ".join(str(ones.get(name, 0)) for name in fields)
    with connection.cursor() as cursor:
        cursor.execute(DELIVERIES.format(counts=", ".join(fields), values=values), {"deliveries": deliveries})


def _bill(periods: list[BillingPeriod]) -> None:
    waiting = set(UnratedAction.objects.values_list("period_id", flat=True))
    for period in periods:
        if period.pk not in waiting:
            close(period, at=NOVEMBER_3)


def _opened(browser: Client, address: str, times: int) -> tuple[list[float], int]:
    """The time of each request in milliseconds, and the number of queries."""
    browser.get(address)
    with CaptureQueriesContext(connection) as asked:
        assert browser.get(address).status_code == 200
        queries = len(asked)
    found = []
    for _ in range(times):
        started = time.perf_counter()
        browser.get(address)
        found.append(1_000 * (time.perf_counter() - started))
    return found, queries
