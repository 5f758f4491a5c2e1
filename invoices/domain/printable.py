"""Characters on a draft that no font of ours has: found before it is approved, while they can still be changed."""

from collections import defaultdict
from collections.abc import Collection, Iterable

from django.db import connection

from invoices.domain.annex import AT_MOST
from invoices.domain.document.fonts import unprintable
from invoices.domain.seller import bill_to, seller_of
from invoices.domain.wording import clean
from invoices.models import Invoice, InvoiceLine, InvoiceTax
from leads.models import BillingPeriod, Customer

PRINTED_OF_SELLER = ("name", "address", "tax_id", "email", "pay_to", "detail_url")
PRINTED_OF_CUSTOMER = ("name", "address", "tax_id", "purchase_order")
# Longer in bytes than in characters: all others are ASCII.
IN_ANNEX = """
    SELECT DISTINCT told.name
      FROM leads_action action
      JOIN pricing_charge charge ON charge.action_id = action.id AND charge.reason = ''
      JOIN leads_lead lead ON lead.id = action.lead_id
      JOIN leads_source source ON source.id = lead.source_id,
           LATERAL (VALUES (lead.external_id), (action.external_id), (source.name)) AS told (name)
     WHERE action.period_id = %s AND octet_length(told.name) > char_length(told.name)
     ORDER BY 1
"""


def unprintable_in_annex(period: BillingPeriod, lines: Iterable[InvoiceLine]) -> str:
    """What the annex could not show; kept with the draft, for there are up to ten thousand charges to look at."""
    charges = sum(line.actions for line in lines if line.kind == InvoiceLine.Kind.CHARGES)
    if not period.customer.detail_annex or charges > AT_MOST:
        return ""
    with connection.cursor() as cursor:
        cursor.execute(IN_ANNEX, [period.pk])
        return unprintable("".join(clean(name) for (name,) in cursor.fetchall()))


def unprintable_on(drafts: Collection[Invoice]) -> dict[int, str]:
    """By the draft's id what of it could not be shown, its parties as they are now; in three queries however many drafts."""
    texts = defaultdict[int, list[str]](list)
    ids = [draft.pk for draft in drafts]
    for invoice, *told in InvoiceLine.objects.filter(invoice__in=ids).values_list("invoice", "description", "unit"):
        texts[invoice] += told
    for invoice, name in InvoiceTax.objects.filter(invoice__in=ids).values_list("invoice", "name"):
        texts[invoice].append(name)
    parties = _parties({draft.customer_id for draft in drafts})
    found = {}
    for draft in drafts:
        said = "".join(map(clean, [*parties[draft.customer_id], *texts[draft.pk], draft.tax_exempt_reason]))
        if missing := "".join(dict.fromkeys(unprintable(said) + draft.unprintable)):
            found[draft.pk] = missing
    return found


def _parties(customers: set[int]) -> dict[int, list[str]]:
    """What is printed of each customer and of the company that bills it."""
    found = {}
    for customer in Customer.objects.select_related("seller").filter(pk__in=customers):
        seller, billed = seller_of(customer), bill_to(customer)
        found[customer.pk] = [
            *(str(seller.get(name, "")) for name in PRINTED_OF_SELLER),
            *(str(billed.get(name, "")) for name in PRINTED_OF_CUSTOMER),
            *billed["contacts"],
        ]
    return found
