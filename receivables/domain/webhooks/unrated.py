"""Tell of customers whose actions have been unrated for longer than an endpoint allows."""

from datetime import datetime, timedelta

from django.db import transaction

from billing_engine.core.read_replica import rows_of
from receivables.domain.webhooks.outbox import tell
from receivables.models import EventKind, EventSubscription, WebhookEndpoint

HOURS_FOR_PEOPLE = 24
# Actions are stored in the order of their receipt, so the first one of a period was received first.
UNRATED = """
    SELECT period.customer_id, min(unrated.first), sum(unrated.actions), min(delivery.received_at)
      FROM (SELECT period_id, count(*) AS actions, min(action_id) AS first FROM pricing_unratedaction GROUP BY 1) unrated
      JOIN leads_billingperiod period ON period.id = unrated.period_id AND period.state = 'open'
      JOIN leads_action action ON action.id = unrated.first
      JOIN leads_delivery delivery ON delivery.id = action.delivery_id
     WHERE delivery.received_at < %(before)s
     GROUP BY 1 ORDER BY 1
"""


def tell_of_unrated(*, at: datetime) -> int:
    """Write an event for each customer whose oldest unrated action is too old, once for that action; return how many."""
    return sum(_tell(hours, at=at) for hours in sorted(_hours()))


def _hours() -> set[int]:
    chosen = WebhookEndpoint.objects.filter(kinds__contains=[EventKind.UNRATED_WAITING])
    hours = set(chosen.values_list("unrated_hours", flat=True))
    people = EventSubscription.objects.filter(kind=EventKind.UNRATED_WAITING).exists()
    return hours | ({HOURS_FOR_PEOPLE} if people else set())


@transaction.atomic
def _tell(hours: int, *, at: datetime) -> int:
    return sum(
        tell(
            EventKind.UNRATED_WAITING,
            customer=customer,
            subject=f"leads.action:{oldest}",
            data={"hours": hours, "actions": int(actions), "oldest_action": oldest, "oldest_received_at": since},
            cause=f"unrated:{customer}:{oldest}:{hours}",
            at=at,
        )
        for customer, oldest, actions, since in rows_of(UNRATED, {"before": at - timedelta(hours=hours)})
    )
