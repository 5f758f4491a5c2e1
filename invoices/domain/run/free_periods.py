"""The locks of periods that are billed together, taken without waiting.

What holds many locks must not wait for one: deliveries, ratings, voids, and other closes may hold some of these and wait
for others. A period whose locks are not free is billed alone instead.
"""

from collections.abc import Collection, Sequence

from django.db import connection

from invoices.domain.lines.totals import with_credit
from leads.models import BillingPeriod

# The other open periods of these customers, which a rating or a close may mark; a mark locks its period like this.
OTHERS = """
    SELECT other.id, other.customer_id FROM leads_billingperiod other
     WHERE other.customer_id = ANY(%(customers)s) AND other.state = 'open' AND NOT other.id = ANY(%(periods)s)
"""


def free_to_rate(periods: Sequence[BillingPeriod]) -> set[int]:
    """Lock what rating and billing these periods locks, and return the ids of those whose locks were all free.

    Deliveries continue.
    """
    customers = {period.customer_id for period in periods}
    busy = _customers_with_busy_periods(periods, customers) | _busy_customers(customers)
    ours = [period.pk for period in periods if period.customer_id not in busy]
    locking = BillingPeriod.objects.select_for_update(no_key=True, skip_locked=True)
    return set(locking.filter(pk__in=ours).values_list("pk", flat=True))


def free_to_close(periods: Collection[int]) -> set[int]:
    """Make deliveries for these locked periods wait, and return the ids of those that no delivery is writing to."""
    locking = BillingPeriod.objects.select_for_update(skip_locked=True)
    return set(locking.filter(pk__in=periods).values_list("pk", flat=True))


def _customers_with_busy_periods(periods: Sequence[BillingPeriod], customers: Collection[int]) -> set[int]:
    params = {"customers": list(customers), "periods": [period.pk for period in periods]}
    with connection.cursor() as cursor:
        cursor.execute(f"{OTHERS} FOR KEY SHARE SKIP LOCKED", params)
        free = set(cursor.fetchall())
        cursor.execute(OTHERS, params)
        return {customer for pk, customer in cursor.fetchall() if (pk, customer) not in free}


def _busy_customers(customers: Collection[int]) -> set[int]:
    """Customers with credit are locked before their credit is used."""
    found = with_credit(customers)
    free = set(found.select_for_update(no_key=True, skip_locked=True).values_list("pk", flat=True))
    return set(found.values_list("pk", flat=True)) - free
