"""What is left to do in a month, and in the weeks that end in it, before finance can close it."""

import re
from collections import Counter
from dataclasses import dataclass
from typing import NamedTuple

from django.db.models import Count, Q, QuerySet, Sum, Value

from billing_engine.core.calendar.spans import labels_of
from billing_engine.core.counts import names_in_words
from invoices.domain.run.blockers import failed_in
from invoices.models import Invoice, InvoiceDocument, InvoiceMail
from leads.models import BillingPeriod, QuarantinedItem
from pricing.models import PeriodTally

ADDRESS = re.compile(r"<?[\w.+-]+@[\w.-]+>?")
State = Invoice.State
MAIL, DOCUMENT = "mail", "document"


class OpenPeriods(NamedTuple):
    """How many of a month's billing periods are open."""

    active: int  # of active customers; billing runs close them
    sealed: int  # of active customers, reopened in a locked month: each is billed individually
    inactive: int  # of inactive customers: no run bills them

    @property
    def not_billed(self) -> int:
        """Return how many must be billed before the month can be locked."""
        return self.active + self.sealed


@dataclass(frozen=True, slots=True)
class Remaining:
    """The number of things left to do, in the order in which they are done."""

    quarantined: int  # items that occurred in the month, or were received in it if their time is unknown
    unrated: int  # actions
    failed: int  # periods whose last billing attempt failed, if the cause still exists
    periods: OpenPeriods
    drafts: int
    approved: int
    unsent: int  # issued; does not block the close, because some invoices are sent in other ways

    @property
    def not_billed(self) -> int:
        return self.periods.not_billed

    @property
    def not_issued(self) -> int:
        return self.drafts + self.approved


def open_periods_in(label: str) -> OpenPeriods:
    """Count the open periods of the month."""
    is_active = Q(customer__is_active=True)
    return OpenPeriods(
        **BillingPeriod.objects.open()
        .filter(label__in=labels_of(label))
        .aggregate(
            active=Count("pk", filter=is_active & Q(is_sealed=False)),
            sealed=Count("pk", filter=is_active & Q(is_sealed=True)),
            inactive=Count("pk", filter=~is_active),
        )
    )


def remaining_in(label: str) -> Remaining:
    """Count what is left to do in the month."""
    labels = labels_of(label)
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
    return Remaining(
        quarantined=quarantined_in(label).count(),
        unrated=unrated or 0,
        failed=failed_in(label).count(),
        periods=open_periods_in(label),
        **drafts,
    )


def open_in_words(label: str) -> str:
    """List the customers whose periods are still open: `1 billing period (Ash)`, at most three by name."""
    found = BillingPeriod.objects.open().filter(label__in=labels_of(label), customer__is_active=True)
    names = list(found.order_by("customer__name").values_list("customer__name", flat=True))
    return f"{len(names):,} billing period{'' if len(names) == 1 else 's'} ({names_in_words(names)})"


@dataclass(frozen=True, slots=True)
class Unsent:
    """The number of invoices whose email failed for one reason."""

    reason: str
    invoices: int


@dataclass(frozen=True, slots=True)
class Stuck:
    """Issued invoices that could not be sent: failed emails by reason, most frequent first, and invoices without a PDF."""

    mails: tuple[Unsent, ...] = ()
    documents: int = 0

    @property
    def invoices(self) -> int:
        """Return the number of invoices whose latest email failed for some or all addresses."""
        return sum(one.invoices for one in self.mails)

    @property
    def reasons(self) -> str:
        """Return why emails failed, most frequent first: `155 × The mail server refused the connection.`"""
        is_one = len(self.mails) == 1
        return names_in_words([one.reason if is_one else f"{one.invoices:,} × {one.reason}" for one in self.mails])


def stuck_in(label: str = "") -> Stuck:
    """Find the stuck invoices of a cycle, or of all cycles, in one query."""
    of_cycle = {"invoice__period__label__in": labels_of(label)} if label else {}
    mails = InvoiceMail.objects.needing_attention().filter(**of_cycle).values_list(Value(MAIL), "invoice", "reason")
    documents = InvoiceDocument.objects.failed().filter(**of_cycle).values_list(Value(DOCUMENT), "invoice", "reason")
    found = set(mails.union(documents))
    reasons = Counter(_without_addresses(reason) for what, _, reason in found if what == MAIL)
    return Stuck(
        tuple(Unsent(reason, count) for reason, count in reasons.most_common()),
        len({invoice for what, invoice, _ in found if what == DOCUMENT}),
    )


def _without_addresses(reason: str) -> str:
    """Remove email addresses from a server's reply, so that equal reasons compare equal."""
    return ADDRESS.sub("…", reason)


def quarantined_in(month: str) -> "QuerySet[QuarantinedItem]":
    """Return the waiting quarantined items that count toward the month."""
    return QuarantinedItem.objects.waiting().of_month(month)
