"""Characters on a draft that our fonts do not have, found before approval, while they can still be changed."""

from collections import defaultdict
from collections.abc import Collection, Iterable

from django.db import connection
from django.db.models import Value, prefetch_related_objects

from billing_engine.core.fonts import unprintable
from invoices.domain.document.annex import MAX_CHARGES
from invoices.domain.document.parties import SELLERS, bill_to, day_of_paper, seller_of
from invoices.domain.wording import clean
from invoices.models import Invoice, InvoiceLine, InvoiceTax
from leads.models import BillingPeriod

PRINTED_OF_SELLER = ("name", "address", "tax_id", "email", "pay_to", "detail_url")
PRINTED_OF_CUSTOMER = ("name", "address", "tax_id", "purchase_order")
# Text that is longer in bytes than in characters is not ASCII.
IN_ANNEX = """
    SELECT DISTINCT action.period_id, printed.name
      FROM leads_action action
      JOIN pricing_charge charge ON charge.action_id = action.id AND charge.reason = ''
      JOIN leads_lead lead ON lead.id = action.lead_id
      JOIN leads_source source ON source.id = lead.source_id,
           LATERAL (VALUES (lead.external_id), (action.external_id), (source.name)) AS printed (name)
     WHERE action.period_id = ANY(%s) AND octet_length(printed.name) > char_length(printed.name)
     ORDER BY 1, 2
"""


def unprintable_in_annexes(drafts: Iterable[tuple[BillingPeriod, Iterable[InvoiceLine]]]) -> dict[int, str]:
    """Return the characters that the annexes could not show, by period; stored with the draft, because an annex can have
    10,000 charges."""
    printed = [period.pk for period, lines in drafts if period.customer_terms.detail_annex and _has_annex(lines)]
    if not printed:
        return {}
    names = defaultdict[int, list[str]](list)
    with connection.cursor() as cursor:
        cursor.execute(IN_ANNEX, [printed])
        for period, name in cursor.fetchall():
            names[period].append(clean(name))
    return {period: unprintable("".join(found)) for period, found in names.items()}


def _has_annex(lines: Iterable[InvoiceLine]) -> bool:
    return sum(line.actions for line in lines if line.kind == InvoiceLine.Kind.CHARGES) <= MAX_CHARGES


def unprintable_on(drafts: Collection[Invoice]) -> dict[int, str]:
    """Return the characters that could not be shown, by draft id, in one query for any number of drafts.

    More queries run for what is not loaded of the drafts' periods, customers, terms and sellers.
    """
    prefetch_related_objects(list(drafts), SELLERS)
    texts = defaultdict[int, list[str]](list)
    ids = [draft.pk for draft in drafts]
    lines = InvoiceLine.objects.filter(invoice__in=ids).values_list("invoice", "description", "unit")
    taxes = InvoiceTax.objects.filter(invoice__in=ids).values_list("invoice", "name", Value(""))
    for invoice, *printed_texts in lines.union(taxes):
        texts[invoice] += printed_texts
    found = {}
    for draft in drafts:
        printed = [*_parties(draft), *texts[draft.pk], draft.tax_exempt_reason]
        if missing := "".join(dict.fromkeys(unprintable("".join(map(clean, printed))) + draft.unprintable)):
            found[draft.pk] = missing
    return found


def _parties(draft: Invoice) -> list[str]:
    """Return the printed details of a draft's customer and seller."""
    today = day_of_paper(draft)
    seller, billed = seller_of(draft, on=today), bill_to(draft, on=today)
    return [
        *(str(seller.get(name, "")) for name in PRINTED_OF_SELLER),
        *(str(billed.get(name, "")) for name in PRINTED_OF_CUSTOMER),
        *billed["contacts"],
    ]
