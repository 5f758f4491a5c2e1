"""A month at a glance, from stored sums (deliveries, tallies, invoices), without counting actions.

A month's billing periods include those of the weeks that end in it.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db.models import Count, Q, Sum
from django.db.models.functions import Coalesce

from billing_engine.core.calendar.spans import Cycle
from invoices.models import Invoice
from leads.models import BillingPeriod, Delivery, QuarantinedItem
from leads.models.delivery import OUTCOMES
from pricing.models import PeriodTally

COUNTS = ("received", *OUTCOMES)


@dataclass(frozen=True, slots=True)
class Received:
    """received = created + updated + duplicate + conflict + quarantined + test, for leads or for actions."""

    received: int
    created: int
    duplicate: int
    quarantined: int
    updated: int = 0
    conflict: int = 0
    test: int = 0


@dataclass(frozen=True, slots=True)
class Rated:
    """stored = charged + excluded + unrated."""

    actions: int
    charged: int
    excluded: int
    unrated: int


@dataclass(slots=True)
class Money:
    """A month's amounts in one currency, by state."""

    currency: str
    unbilled: Decimal = Decimal(0)
    by_state: dict[str, Decimal] = field(default_factory=dict)
    invoices: dict[str, int] = field(default_factory=dict)


def received_in(month: Cycle) -> tuple[Received, Received]:
    """Return the leads and actions of the deliveries received in the month (UTC), from an index-only scan."""
    span = month.span(ZoneInfo("UTC"))
    names = [f"{kind}_{name}" for kind in ("leads", "actions") for name in COUNTS]
    sums = Delivery.objects.filter(received_at__gte=span.start, received_at__lt=span.end).aggregate(
        **{name: Coalesce(Sum(name), 0) for name in names}
    )
    leads = Received(**{name: sums[f"leads_{name}"] for name in COUNTS})
    return leads, Received(**{name: sums[f"actions_{name}"] for name in COUNTS})


def quarantine_waiting(month: Cycle) -> int:
    """Count the quarantined items received in the month (UTC) that are still waiting."""
    span = month.span(ZoneInfo("UTC"))
    return QuarantinedItem.objects.waiting().filter(received_at__gte=span.start, received_at__lt=span.end).count()


def rated_in(month: Cycle) -> Rated:
    """Return the outcome of the actions in the month's billing periods."""
    sums = PeriodTally.objects.filter(period__label__in=month.labels).aggregate(
        **{name: Coalesce(Sum(name), 0) for name in ("actions", "charged", "excluded", "unrated")}
    )
    return Rated(**sums)


def money_in(month: Cycle) -> list[Money]:
    """Return, by currency, what is charged but not billed yet, and the invoices by state."""
    found: dict[str, Money] = {}
    unbilled = (
        PeriodTally.objects.filter(period__label__in=month.labels, period__state=BillingPeriod.State.OPEN)
        .values_list("period__customer__currency")
        .annotate(Sum("amount"))
    )
    for currency, amount in unbilled:
        found.setdefault(currency, Money(currency)).unbilled = amount
    invoiced = (
        Invoice.objects.live()
        .filter(period__label__in=month.labels)
        .values_list("currency", "state")
        .annotate(Sum("total"), Count("pk"))
    )
    for currency, state, amount, count in invoiced:
        money = found.setdefault(currency, Money(currency))
        money.by_state[state], money.invoices[state] = amount, count
    return [found[currency] for currency in sorted(found)]


def periods_in(month: Cycle) -> dict[str, int]:
    """Return how many billing periods the month has, and how many are closed."""
    periods = BillingPeriod.objects.filter(label__in=month.labels)
    return periods.aggregate(total=Count("pk"), closed=Count("pk", filter=Q(state=BillingPeriod.State.CLOSED)))
