"""The deeds on a period and its invoices: what counts as work on an invoice, who did it, and who needs a second person."""

from collections.abc import Collection, Iterable
from decimal import Decimal

from django.contrib.auth.models import User

from billing_engine.core import money
from billing_engine.core.approvals.people import NeedsApproval
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.models import Deed
from billing_engine.core.models.deed import DeedQuerySet, reference
from invoices.models import Adjustment, BillingRunItem, Invoice
from leads.domain.access.second_person import needs_second_person
from leads.models import ApprovalThreshold, BillingPeriod, Customer

INVOICE_ADJUSTED = Verb("invoice_adjusted", "Adjustment added")
ADJUSTMENT_WITHDRAWN = Verb("adjustment_withdrawn", "Adjustment withdrawn")
INVOICE_APPROVED = Verb("invoice_approved", "Approved")
INVOICE_SENT_BACK = Verb("invoice_sent_back", "Sent back to draft")
INVOICE_ISSUED = Verb("invoice_issued", "Issued")
INVOICE_VOIDED = Verb("invoice_voided", "Voided")
INVOICE_REGENERATED = Verb("invoice_regenerated", "Regenerated")
PERIOD_REOPENED = Verb("period_reopened", "Period reopened")
PERIOD_BILLED_AGAIN = Verb("period_billed_again", "Billed again")

ADJUSTING = (INVOICE_ADJUSTED, ADJUSTMENT_WITHDRAWN)
# A voided invoice hands its adjustments on to the next draft; a period that is reopened deletes its draft with them.
REOPENING = (PERIOD_REOPENED, INVOICE_VOIDED)
CHANGING = (*ADJUSTING, INVOICE_REGENERATED, PERIOD_BILLED_AGAIN)
DECIDING = (INVOICE_APPROVED, INVOICE_SENT_BACK)
CHANGED_THE_DRAFT = frozenset(verb.code for verb in (*CHANGING, PERIOD_REOPENED))
HAD_A_HAND = CHANGED_THE_DRAFT | {verb.code for verb in DECIDING}
ADJUSTED_INVOICE = ApprovalThreshold.Kind.ADJUSTED_INVOICE


def touched_by(invoice: Invoice) -> list[BillingPeriod | Customer]:
    """The rows that a deed on an invoice also touches: its period, which outlives a draft, and its customer."""
    return [BillingPeriod(pk=invoice.period_id), Customer(pk=invoice.customer_id)]


def total_of(invoice: Invoice) -> str:
    """The total in words, as a deed keeps it: `$10.00`."""
    return money.in_words(invoice.total, invoice.currency)


def people_who(
    verbs: Collection[Verb], period: BillingPeriod, *, since: Collection[Verb] = (PERIOD_REOPENED,)
) -> set[int]:
    """The ids of the users who did one of these to the period or its invoice, even if it was undone later.

    What happened before the last deed `since`, which made the work of that time void, doesn't count.
    """
    start = last_of(since, period)
    found = Deed.objects.about(period).filter(
        verb__in=_codes(verbs), person__isnull=False, pk__gt=start.pk if start else 0
    )
    return set(found.order_by().values_list("person", flat=True).distinct())


def last_of(verbs: Collection[Verb], period: BillingPeriod) -> Deed | None:
    """The last of these deeds on the period or its invoices; None if there is none."""
    return Deed.objects.about(period).filter(verb__in=_codes(verbs)).first()


def deeds_of(invoice: Invoice) -> DeedQuerySet:
    """The deeds on an invoice, latest first; of a draft also those on the drafts that it replaced."""
    found = Deed.objects.about(invoice)
    if invoice.state == Invoice.State.VOID:
        return found
    period = BillingPeriod(pk=invoice.period_id)
    start = last_of(REOPENING, period)
    return Deed.objects.about_any([invoice, period]).filter(pk__gt=start.pk if start else 0)


def _codes(verbs: Collection[Verb]) -> list[str]:
    return [verb.code for verb in verbs]


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
    seller, currency = invoice.period.customer_terms.seller, invoice.currency
    return needs_second_person(ADJUSTED_INVOICE, seller, amount=adjusted, currency=currency)


def ever_adjusted(invoices: Iterable[Invoice]) -> set[int]:
    """Return the ids of the invoices with adjustments, or with any that were ever withdrawn in their periods."""
    of_period = {reference(BillingPeriod(pk=invoice.period_id)): invoice.pk for invoice in invoices}
    adjusted = Adjustment.objects.filter(line__invoice__in=of_period.values()).values_list("line__invoice", flat=True)
    withdrawn = Deed.objects.filter(objects_touched__overlap=list(of_period), verb=ADJUSTMENT_WITHDRAWN.code)
    touched = (each for objects in withdrawn.values_list("objects_touched", flat=True) for each in objects)
    return set(adjusted) | {of_period[each] for each in touched if each in of_period}


def authors_of_draft(invoice: Invoice) -> set[int]:
    """Return who adjusted, withdrew, regenerated, reopened or billed again, also on drafts that this one replaced.

    Adjustments that a draft took over from a voided invoice count; what a reopened period has deleted does not.
    """
    adjusters = Adjustment.objects.filter(line__invoice=invoice).values_list("adjusted_by", flat=True)
    return people_who(CHANGING, invoice.period) | set(adjusters) | _reopeners(invoice.period)


def hands_on(period: BillingPeriod) -> set[int]:
    """Return who billed the period, or had a hand in its invoice since it was reopened: none of them reopens it."""
    billed = BillingRunItem.objects.filter(period=period).exclude(settled_at=None)
    live = Invoice.objects.live().filter(period=period)
    adjusters = Adjustment.objects.filter(line__invoice__in=live)
    people = {
        *billed.values_list("run__started_by", flat=True),
        *adjusters.values_list("adjusted_by", flat=True),
        *live.values_list("approved_by", flat=True),
    }
    known = {person for person in people if person is not None}
    return known | people_who(CHANGING, period) | people_who(DECIDING, period, since=REOPENING)


def issuers_of(invoice: Invoice) -> set[int]:
    """Return who issued the invoice: they don't void it."""
    return {person for person in (invoice.issued_by_id,) if person is not None}


def check_no_hand(by: User, people: set[int], what: str) -> None:
    """Refuse one of these people."""
    if by.pk in people:
        raise NeedsSecondPerson(f"You worked on this invoice, so another person must {what}.")


def _reopeners(period: BillingPeriod) -> set[int]:
    last = last_of((PERIOD_REOPENED,), period)
    return {last.person_id} if last is not None and last.person_id is not None else set()


def _adjusted(invoice: Invoice) -> Decimal | None:
    """The sum of its adjustments regardless of sign, and of those that were withdrawn; None if there never were any."""
    now = list(Adjustment.objects.filter(line__invoice=invoice).values_list("line__amount", flat=True))
    gone = [amount for _, amount in withdrawn_from(invoice.period)]
    return sum((abs(amount) for amount in (*now, *gone)), money.ZERO) if now or gone else None


def withdrawn_from(period: BillingPeriod) -> list[tuple[str, Decimal]]:
    """Return the adjustments that were withdrawn from the period's drafts since it was reopened, by text and amount."""
    start = last_of((PERIOD_REOPENED,), period)
    found = Deed.objects.about(period).filter(verb=ADJUSTMENT_WITHDRAWN.code, pk__gt=start.pk if start else 0)
    return [(deed.before["adjustment"], Decimal(deed.before["amount"])) for deed in found.order_by("pk")]
