"""What of a month, and of the weeks that begin in it, is not where it has to be before finance closes it."""

import re
from collections import Counter
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.db.models import Count, Q, QuerySet, Sum

from billing_engine.core.spans import Cycle, labels_of
from invoices.models import BillingRunItem, Invoice, InvoiceDocument, InvoiceMail
from leads.models import BillingPeriod, QuarantinedItem
from pricing.models import PeriodTally

ADDRESS = re.compile(r"<?[\w.+-]+@[\w.-]+>?")
State = Invoice.State
UTC_ZONE = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class Left:
    """Counts of what is left to do, in the order in which it is done."""

    quarantined: int  # items received in the cycle (UTC)
    unrated: int  # actions
    failed: int  # periods that the last attempt to bill did not bill
    open_periods: int  # of active customers; billing runs close them
    inactive_periods: int  # open, and no run bills them
    drafts: int
    approved: int
    unsent: int  # issued; nothing waits for it, some invoices go out by other ways

    @property
    def not_issued(self) -> int:
        return self.drafts + self.approved


def left_in(label: str) -> Left:
    """Counted now."""
    is_active = Q(customer__is_active=True)
    labels = labels_of(label)
    periods = (
        BillingPeriod.objects.open()
        .filter(label__in=labels)
        .aggregate(active=Count("pk", filter=is_active), inactive=Count("pk", filter=~is_active))
    )
    drafts = (
        Invoice.objects.filter(period__label__in=labels)
        .order_by()
        .aggregate(
            drafts=Count("pk", filter=Q(state=State.DRAFT)),
            approved=Count("pk", filter=Q(state=State.APPROVED)),
            unsent=Count("pk", filter=Q(state=State.ISSUED, sent_at=None)),
        )
    )
    unrated = PeriodTally.objects.filter(period__label__in=labels, period__state="open").aggregate(n=Sum("unrated"))[
        "n"
    ]
    return Left(
        quarantined=_quarantined(label).count(),
        unrated=unrated or 0,
        failed=failed_in(label).values("period").distinct().count(),
        open_periods=periods["active"],
        inactive_periods=periods["inactive"],
        **drafts,
    )


def failed_in(label: str) -> "QuerySet[BillingRunItem]":
    """What runs tried and could not bill, while its period is still open."""
    return BillingRunItem.objects.filter(
        state=BillingRunItem.State.FAILED, period__label__in=labels_of(label), period__state=BillingPeriod.State.OPEN
    )


@dataclass(frozen=True, slots=True)
class Unsent:
    """Mails that are a person's turn, by why."""

    reason: str
    invoices: int


def unsent_by_reason(label: str = "") -> list[Unsent]:
    """Why mails of a cycle's invoices, or of all, could not be sent; the most frequent reason first."""
    mails = InvoiceMail.objects.a_persons_turn()
    if label:
        mails = mails.filter(invoice__period__label__in=labels_of(label))
    counted = Counter(_without_addresses(reason) for reason in mails.values_list("reason", flat=True))
    return [Unsent(reason, count) for reason, count in counted.most_common()]


def documents_failed(label: str = "") -> int:
    """How many invoices of a cycle, or of all, have a PDF that could not be made."""
    failed = InvoiceDocument.objects.failed()
    if label:
        failed = failed.filter(invoice__period__label__in=labels_of(label))
    return failed.values("invoice").distinct().count()


def _without_addresses(reason: str) -> str:
    """Servers put the address into their words, each time another one; the reason is the same."""
    return ADDRESS.sub("…", reason)


def _quarantined(label: str) -> "QuerySet[QuarantinedItem]":
    span = Cycle.parse(label).span(UTC_ZONE)
    return QuarantinedItem.objects.waiting().filter(received_at__gte=span.start, received_at__lt=span.end)
