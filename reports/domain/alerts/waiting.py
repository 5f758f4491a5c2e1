"""Items in quarantine and unrated actions that have waited for a person too long."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta

from billing_engine.core.read_replica import rows_of
from leads.models import Customer, Source
from reports.domain.alerts.finding import Finding, time_in_words

DAYS = 7
QUARANTINE_RULE = f"Items of a source have waited in quarantine for more than {DAYS} days. Resolved when none has."
UNRATED_RULE = (
    f"Actions of a customer, received more than {DAYS} days ago, are unrated in an open billing period. Resolved when none"
    " is."
)
# From the index of waiting items, which holds both columns.
QUARANTINED = """
    SELECT source_id, count(*), min(received_at) FROM leads_quarantineditem
     WHERE state = 'waiting' AND waits_until IS NULL AND received_at < %(before)s GROUP BY 1
"""
# Actions are stored in the order of their receipt, so the first one of a period was received first.
UNRATED = """
    SELECT period.customer_id, unrated.actions, delivery.received_at
      FROM (SELECT period_id, count(*) AS actions, min(action_id) AS first FROM pricing_unratedaction GROUP BY 1) unrated
      JOIN leads_billingperiod period ON period.id = unrated.period_id AND period.state = 'open'
      JOIN leads_action action ON action.id = unrated.first
      JOIN leads_delivery delivery ON delivery.id = action.delivery_id
     WHERE delivery.received_at < %(before)s
"""


def long_quarantined(*, at: datetime) -> Iterator[Finding]:
    """Find sources with items that have waited in quarantine for too long."""
    rows = list(rows_of(QUARANTINED, {"before": at - timedelta(days=DAYS)}))
    sources = Source.objects.in_bulk([source for source, *_ in rows])
    for source, items, since in rows:
        yield Finding(
            cause=str(source),
            title=f"{sources[source]}: {_count(items, 'item')} in quarantine for more than {DAYS} days",
            words=f"The oldest was received {time_in_words(since)}. Fix and retry, or discard with a reason.",
            source=source,
        )


def long_unrated(*, at: datetime) -> Iterator[Finding]:
    """Find customers with actions that have been unrated for too long."""
    found = defaultdict[int, list[tuple[int, datetime]]](list)
    for customer, actions, since in rows_of(UNRATED, {"before": at - timedelta(days=DAYS)}):
        found[customer].append((actions, since))
    customers = Customer.objects.in_bulk(found)
    for customer, periods in found.items():
        actions, since = sum(count for count, _ in periods), min(oldest for _, oldest in periods)
        yield Finding(
            cause=str(customer),
            title=f"{customers[customer]}: {_count(actions, 'unrated action')}, some for more than {DAYS} days",
            words=(
                f"The oldest was received {time_in_words(since)}. They are not charged and block the close of their billing"
                " period until a rule prices them or a person waives them."
            ),
            customer=customer,
        )


def _count(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'s' * (count != 1)}"
