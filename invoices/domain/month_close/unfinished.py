"""What of a month, and of the weeks that end in it, is not where it has to be before finance closes it."""

import re
from collections import Counter
from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class Left:
    """Counts of what is left to do, in the order in which it is done."""

    quarantined: int  # items of which something occurred in the month, or was received in it, where that is all we know
    unrated: int  # actions
    failed: int  # periods that the last attempt to bill did not bill, for a cause that is there still
    open_periods: int  # of active customers; billing runs close them
    sealed_periods: int  # of active customers, opened in a locked month: each is billed by itself
    inactive_periods: int  # open, and no run bills them
    drafts: int
    approved: int
    unsent: int  # issued; nothing waits for it, some invoices go out by other ways

    @property
    def not_billed(self) -> int:
        return self.open_periods + self.sealed_periods

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
        .aggregate(
            active=Count("pk", filter=is_active & Q(is_sealed=False)),
            sealed=Count("pk", filter=is_active & Q(is_sealed=True)),
            inactive=Count("pk", filter=~is_active),
        )
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
        quarantined=quarantined_in(label).count(),
        unrated=unrated or 0,
        failed=failed_in(label).count(),
        open_periods=periods["active"],
        sealed_periods=periods["sealed"],
        inactive_periods=periods["inactive"],
        **drafts,
    )


def open_in_words(label: str) -> str:
    """Whose periods are open still: `1 billing period (Ash)`, and of many the first three."""
    found = BillingPeriod.objects.open().filter(label__in=labels_of(label), customer__is_active=True)
    names = list(found.order_by("customer__name").values_list("customer__name", flat=True))
    return f"{len(names):,} billing period{'' if len(names) == 1 else 's'} ({names_in_words(names)})"


@dataclass(frozen=True, slots=True)
class Unsent:
    """Mails that are a person's turn, by why."""

    reason: str
    invoices: int


@dataclass(frozen=True, slots=True)
class Stuck:
    """What is issued and did not get out: mails by why, the most frequent reason first; invoices without a PDF."""

    mails: tuple[Unsent, ...] = ()
    documents: int = 0

    @property
    def invoices(self) -> int:
        """Whose latest mail went to nobody, or not to all."""
        return sum(one.invoices for one in self.mails)

    @property
    def reasons(self) -> str:
        """`155 × The mail server refused the connection.`: why mails were not sent, the most frequent first."""
        is_one = len(self.mails) == 1
        return names_in_words([one.reason if is_one else f"{one.invoices:,} × {one.reason}" for one in self.mails])


def stuck_in(label: str = "") -> Stuck:
    """Of a cycle's invoices, or of all; in one query."""
    of_cycle = {"invoice__period__label__in": labels_of(label)} if label else {}
    mails = InvoiceMail.objects.a_persons_turn().filter(**of_cycle).values_list(Value(MAIL), "invoice", "reason")
    documents = InvoiceDocument.objects.failed().filter(**of_cycle).values_list(Value(DOCUMENT), "invoice", "reason")
    found = set(mails.union(documents))
    reasons = Counter(_without_addresses(reason) for what, _, reason in found if what == MAIL)
    return Stuck(
        tuple(Unsent(reason, count) for reason, count in reasons.most_common()),
        len({invoice for what, invoice, _ in found if what == DOCUMENT}),
    )


def _without_addresses(reason: str) -> str:
    """Servers put the address into their words, each time another one; the reason is the same."""
    return ADDRESS.sub("…", reason)


def quarantined_in(month: str) -> "QuerySet[QuarantinedItem]":
    """What waits in quarantine and counts to the month."""
    return QuarantinedItem.objects.waiting().of_month(month)
