"""Issue a month's invoices; if asked, lock the month first, and send the invoices when they are issued."""

from dataclasses import dataclass
from datetime import date, datetime

from django.contrib.auth.models import User
from django.db import transaction

from invoices.domain.month_close.bulk_action import start_bulk_action
from invoices.domain.month_close.close_month import lock
from invoices.models import BillingCycle


@dataclass(frozen=True, slots=True)
class Together:
    """What is done together with Issue all; each remains an act of its own, with its own guard and deed."""

    lock: bool = False
    reason: str = ""  # for the lock
    send: bool = False


@transaction.atomic
def issue_month(
    cycle: BillingCycle, *, by: User, at: datetime, issued_on: date | None = None, together: Together = Together()
) -> int:
    """Start Issue all; return the number of invoices. What any of the acts refuses, refuses all of them."""
    if together.lock:
        lock(cycle, by=by, at=at, reason=together.reason)
    issue = BillingCycle.BulkAction.ISSUE
    return start_bulk_action(cycle, issue, by=by, at=at, issued_on=issued_on, then_send=together.send)
