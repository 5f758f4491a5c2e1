"""Search for invoices."""

import re
from collections.abc import Iterator
from functools import partial

from django.db.models import Q
from django.db.models.functions import Reverse

from billing_engine.core.admin_kit.cells import page_of
from billing_engine.core.admin_kit.search import Found, finds, list_named
from billing_engine.core.money import in_words
from invoices.domain.wording import month_in_words
from invoices.models import Invoice
from leads.models import Customer
from leads.queries.search import customers_named

OF_CUSTOMERS = 50
DRAFT = re.compile(r"draft ([0-9]{1,18})", re.IGNORECASE)


def invoices_named(term: str) -> Q:
    """Find invoices by the start or end of the number, by customer, or a draft by its name."""
    if draft := DRAFT.fullmatch(term):
        return Q(pk=int(draft[1]), number=None)
    customers = list(Customer.objects.filter(customers_named(term)).values_list("pk", flat=True)[:OF_CUSTOMERS])
    starts = Q(number__startswith=term) | Q(number__startswith=term.upper())
    return starts | Q(reversed__startswith=term.upper()[::-1]) | Q(customer__in=customers)


@finds("Invoices", place=2, permission="invoices.view_invoice", every=partial(list_named, "invoices.invoice"))
def _invoices(term: str, at_most: int) -> Iterator[Found]:
    """Yield matching invoices, newest first."""
    named = Invoice.objects.annotate(reversed=Reverse("number")).filter(invoices_named(term))
    for invoice in named.select_related("customer", "period").order_by("-pk")[:at_most]:
        details = (
            invoice.customer.name,
            month_in_words(invoice.period.label),
            in_words(invoice.total, invoice.currency),
            invoice.get_state_display(),
        )
        yield Found(str(invoice), " · ".join(details), page_of("invoices.invoice", invoice.pk))
