"""The history of a month: every step of its close, bulk action, void and reopening."""

from datetime import datetime

from django.contrib.auth.models import User

from invoices.domain.month_lock import month_of
from invoices.models import BillingCycle, CycleStep
from leads.models import BillingPeriod


def record_step(
    label: str,
    kind: CycleStep.Kind,
    *,
    by: User | None,
    at: datetime,
    reason: str = "",
    about: str = "",
    period: BillingPeriod | None = None,
) -> CycleStep:
    """Record a step in the history of the month that the cycle belongs to."""
    month = month_of(label)
    BillingCycle.objects.bulk_create([BillingCycle(label=month)], ignore_conflicts=True)
    cycle = BillingCycle.objects.get(label=month)
    return CycleStep.objects.create(
        cycle=cycle, kind=kind, by=by, at=at, reason=reason.strip(), about=about[:300], period=period
    )
