"""A customer's invoices that are not issued yet: drafts, and those that are approved."""

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Q, Sum

from billing_engine.core.money import ZERO
from invoices.models import Invoice
from leads.models import Customer

State = Invoice.State


@dataclass(frozen=True, slots=True)
class NotIssued:
    """How many there are, and what they come to."""

    total: Decimal
    drafts: int
    approved: int

    @property
    def in_words(self) -> str:
        """`2 drafts, 1 approved`; `no drafts` without any."""
        drafts = "draft" if self.drafts == 1 else "drafts"
        parts = ((self.drafts, drafts), (self.approved, "approved"))
        return ", ".join(f"{count:,} {words}" for count, words in parts if count) or "no drafts"


def not_issued_of(customer: Customer) -> NotIssued:
    """Return the customer's drafts and approved invoices."""
    found = Invoice.objects.filter(customer=customer, state__in=(State.DRAFT, State.APPROVED)).aggregate(
        total=Sum("total"),
        drafts=Count("pk", filter=Q(state=State.DRAFT)),
        approved=Count("pk", filter=Q(state=State.APPROVED)),
    )
    return NotIssued(found["total"] or ZERO, found["drafts"], found["approved"])
