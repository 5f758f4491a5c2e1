"""The deeds on a period and its invoices: what counts as work on an invoice, and who did it."""

from collections.abc import Collection

from billing_engine.core import money
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.models import Deed
from billing_engine.core.models.deed import DeedQuerySet
from invoices.models import Invoice
from leads.models import BillingPeriod, Customer

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
