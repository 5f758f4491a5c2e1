"""The people who had a hand in the invoice of a period, by their deeds; drafts that were replaced count too."""

from decimal import Decimal

from django.contrib.auth.models import User
from django.db.models import QuerySet

from billing_engine.core import money
from billing_engine.core.approvals.people import NeedsApproval
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.models import Deed
from invoices.models import Adjustment, BillingRunItem, CycleStep, Invoice, UndoneStep
from leads.domain.second_person import needs_second_person
from leads.models import ApprovalThreshold, BillingPeriod

INVOICE_ADJUSTED = Verb("invoice_adjusted", "Adjusted")
ADJUSTMENT_WITHDRAWN = Verb("adjustment_withdrawn", "Withdrew an adjustment")
INVOICE_REGENERATED = Verb("invoice_regenerated", "Regenerated")
INVOICE_APPROVED = Verb("invoice_approved", "Approved")
INVOICE_SENT_BACK = Verb("invoice_sent_back", "Sent back to draft")
INVOICE_ISSUED = Verb("invoice_issued", "Issued")
INVOICE_VOIDED = Verb("invoice_voided", "Voided")
PERIOD_REOPENED = Verb("period_reopened", "Reopened")
PERIOD_BILLED_AGAIN = Verb("period_billed_again", "Billed again")

CHANGED_THE_DRAFT = frozenset(
    {
        INVOICE_ADJUSTED.code,
        ADJUSTMENT_WITHDRAWN.code,
        INVOICE_REGENERATED.code,
        PERIOD_REOPENED.code,
        PERIOD_BILLED_AGAIN.code,
    }
)
HAD_A_HAND = CHANGED_THE_DRAFT | {INVOICE_APPROVED.code, INVOICE_SENT_BACK.code}
ADJUSTED_INVOICE = ApprovalThreshold.Kind.ADJUSTED_INVOICE


class AdjusterApproves(NeedsApproval):
    """The people who changed an adjusted invoice can't approve it."""

    code = "adjuster_approves"
    message = "You worked on this adjusted invoice, so another person must approve it."


class NeedsSecondPerson(NeedsApproval):
    """The people who billed, adjusted, approved or issued an invoice can't undo it themselves."""

    code = "needs_second_person"


def check_adjuster(invoice: Invoice, by: User) -> None:
    """Refuse the approval of an adjusted draft by a person who changed it, or a draft before it."""
    if is_adjusted_too_much(invoice) and by.pk in authors_of_draft(invoice):
        raise AdjusterApproves


def is_adjusted_too_much(invoice: Invoice) -> bool:
    """Return whether its adjustments, withdrawn ones included, need a second person."""
    adjusted = _adjusted(invoice)
    if adjusted is None:
        return False
    seller, currency = invoice.customer.seller, invoice.currency
    return needs_second_person(ADJUSTED_INVOICE, seller, amount=adjusted, currency=currency)


def authors_of_draft(invoice: Invoice) -> set[int]:
    """Return who adjusted, withdrew, regenerated, reopened or billed again, over all drafts of the period."""
    adjusters = Adjustment.objects.filter(line__invoice=invoice).values_list("adjusted_by", flat=True)
    withdrawn = UndoneStep.objects.filter(period=invoice.period_id, kind=UndoneStep.Kind.ADJUSTMENT)
    people = {*adjusters, *_both(withdrawn)}
    return _doers(invoice.period, CHANGED_THE_DRAFT) | {person for person in people if person is not None}


def hands_on(period: BillingPeriod) -> set[int]:
    """Return who billed the period, or had a hand in an invoice of it: none of them reopens it."""
    billed = BillingRunItem.objects.filter(period=period).exclude(settled_at=None)
    again = period.cycle_steps.filter(kind=CycleStep.Kind.BILLED_AGAIN)
    adjusters = Adjustment.objects.filter(line__invoice__period=period, line__invoice__in=Invoice.objects.live())
    people = {
        *billed.values_list("run__started_by", flat=True),
        *again.values_list("by", flat=True),
        *_both(period.undone_steps.all()),
        *adjusters.values_list("adjusted_by", flat=True),
        *Invoice.objects.live().filter(period=period).values_list("approved_by", flat=True),
    }
    return _doers(period, HAD_A_HAND) | {person for person in people if person is not None}


def issuers_of(invoice: Invoice) -> set[int]:
    """Return who issued the invoice: they don't void it."""
    return {person for person in (invoice.issued_by_id,) if person is not None}


def check_no_hand(by: User, people: set[int], what: str) -> None:
    """Refuse one of these people."""
    if by.pk in people:
        raise NeedsSecondPerson(f"You worked on this invoice, so another person must {what}.")


def _doers(period: BillingPeriod, verbs: frozenset[str]) -> set[int]:
    """Every deed on an invoice names its period, because a draft may be gone."""
    found = Deed.objects.about(period).filter(verb__in=verbs, person__isnull=False)
    return {person for person in found.values_list("person", flat=True) if person is not None}


def _both(steps: "QuerySet[UndoneStep]") -> set[int]:
    return {person for step in steps.values_list("done_by", "undone_by") for person in step}


def _adjusted(invoice: Invoice) -> Decimal | None:
    """The sum of its adjustments regardless of sign, and of those that were withdrawn; None if there never were any."""
    now = list(Adjustment.objects.filter(line__invoice=invoice).values_list("line__amount", flat=True))
    steps = UndoneStep.objects.filter(period=invoice.period_id, kind=UndoneStep.Kind.ADJUSTMENT)
    gone = [amount for amount in steps.values_list("amount", flat=True) if amount is not None]
    return sum((abs(amount) for amount in (*now, *gone)), money.ZERO) if now or gone else None
