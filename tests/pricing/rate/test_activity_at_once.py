"""The roll-up stays what the charges say while workers rate, rebuild and are killed at the same time."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from leads.domain.periods import mark_unrated
from leads.models import BillingPeriod
from pricing.domain.rate.rate import rate_waiting
from pricing.models import Charge
from tests.factories.leads import ActionFactory, ActionTypeFactory, BillingPeriodFactory, LeadFactory
from tests.factories.pricing import PriceRuleFactory
from tests.pricing.rate.rolled_up import assert_rolled_up, stored_days
from tests.processes import at_once, fork, until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]

NOW = datetime(2026, 11, 2, tzinfo=UTC)
HERE = "(SELECT oid FROM pg_database WHERE datname = current_database())"
RATE = """
from django.db import transaction
from leads.models import Action, BillingPeriod
from leads.domain.periods import mark_unrated
from pricing.domain.rate.rate import rate_waiting
for number in range(8):
    with transaction.atomic():
        mark_unrated(BillingPeriod.objects.all(), reason="intake" if number % 2 else "asked for")
    rate_waiting(BillingPeriod.objects.values_list("pk", flat=True), at=now())
"""
REBUILD = """
from leads.models import BillingPeriod
from pricing.domain.rate.activity import rebuild_activity
for _ in range(8):
    for period in BillingPeriod.objects.order_by("pk"):
        rebuild_activity(period)
"""
RATE_ONCE = """
from django.utils.timezone import now
from leads.models import BillingPeriod
from pricing.domain.rate.rate import rate_waiting
rate_waiting(BillingPeriod.objects.values_list("pk", flat=True), at=now())
"""


@pytest.fixture
def periods(transactional_db: None) -> list[BillingPeriod]:
    """Three periods with 40 actions each on as many days as October has."""
    PriceRuleFactory.create()
    kind = ActionTypeFactory.create()
    periods = BillingPeriodFactory.create_batch(3)
    for period in periods:
        lead = LeadFactory.create(product__customer=period.customer)
        for number in range(40):
            at = period.start_at + timedelta(hours=18 * number)
            ActionFactory.create(period=period, lead=lead, action_type=kind, occurred_at=at, quantity=number)
    mark_unrated(periods, reason="intake")
    rate_waiting([period.pk for period in periods], at=NOW)
    return periods


def test_two_workers_and_two_rebuilds_at_once_leave_what_the_charges_say(periods: list[BillingPeriod]):
    before = stored_days()

    at_once(RATE, REBUILD, RATE, REBUILD)

    assert stored_days() == before
    assert_rolled_up()


def test_a_rebuild_waits_for_the_rating_of_its_period(periods: list[BillingPeriod]):
    with transaction.atomic():
        BillingPeriod.objects.select_for_update(no_key=True).get(pk=periods[0].pk)
        rebuilding = fork(REBUILD)
        until(_is_one_waiting)
        assert rebuilding.poll() is None
    assert rebuilding.wait(60) == 0

    assert_rolled_up()


@pytest.mark.parametrize("table", ["pricing_dailyactivity", "pricing_monthlyactivity"])
@pytest.mark.parametrize("reason", ["intake", "asked for"])
def test_a_worker_killed_before_it_has_rolled_up_has_changed_nothing(
    periods: list[BillingPeriod], table: str, reason: str
):
    days, charges = stored_days(), sorted(Charge.objects.values_list("pk", flat=True))
    for period in periods:
        ActionFactory.create(
            period=period, lead__product__customer=period.customer, occurred_at=period.end_at - timedelta(hours=1)
        )
    mark_unrated(periods, reason=reason)

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {table} IN SHARE MODE")  # reading goes on, and the worker waits at its first write
        rating = fork(RATE_ONCE)
        until(_is_one_waiting)
        rating.kill()
        assert rating.wait(60) != 0
    until(_is_none_left)

    assert stored_days() == days
    assert sorted(Charge.objects.values_list("pk", flat=True)) == charges
    assert_rolled_up()

    rate_waiting([period.pk for period in periods], at=NOW)
    assert Charge.objects.count() == len(charges) + 3
    assert_rolled_up()


def _is_one_waiting() -> bool:
    """Whether a session of this database waits for a lock; unlike `pg_stat_activity`, seen inside a transaction too."""
    return _count("pg_locks WHERE NOT granted AND pid IN (SELECT pid FROM pg_locks WHERE database = " + HERE) > 0


def _is_none_left() -> bool:
    return (
        _count(f"pg_stat_activity WHERE datid = {HERE} AND backend_type = 'client backend' AND xact_start < now(") == 0
    )


def _count(of: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {of})")
        return int(cursor.fetchone()[0])
