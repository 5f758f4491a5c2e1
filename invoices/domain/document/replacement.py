"""Which invoice stands in the place of a void one: the next of its billing period that got a number."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from invoices.models import Invoice


class Places(NamedTuple):
    """In whose place an invoice stands, and which stands in its own; a draft counts too. None where there is none."""

    replaces: Invoice | None
    replaced_by: Invoice | None


def replacement_of(invoice: Invoice) -> Invoice | None:
    """The invoice that was issued for the same period after it; None as long as there is none."""
    later = Invoice.objects.filter(period=invoice.period_id, pk__gt=invoice.pk, number__isnull=False)
    return later.order_by("pk").first()


def replaced_by(invoice: Invoice) -> Invoice | None:
    """The void invoice in whose place this one stands; None where there is none."""
    earlier = Invoice.objects.filter(period=invoice.period_id, pk__lt=invoice.pk, state=Invoice.State.VOID)
    return earlier.order_by("-pk").first()


def in_its_place(replacement: Invoice) -> str:
    """How a void invoice names the one that replaces it."""
    return f"Replaced by invoice {replacement.number}."


def places_of(invoices: Iterable[Invoice]) -> Mapping[int, Places]:
    """By the invoice's number, for as many as there are; one query."""
    of_period = dict[int, list[Invoice]]()
    periods = {invoice.period_id for invoice in invoices}
    for one in Invoice.objects.filter(period__in=periods).order_by("pk"):
        of_period.setdefault(one.period_id, []).append(one)
    found = dict[int, Places]()
    for some in of_period.values():
        for before, one, after in zip([None, *some], some, [*some[1:], None], strict=False):
            found[one.pk] = Places(before, after)
    return found
