"""Which invoice replaces a void one: the next of its billing period that got a number."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from billing_engine.core.calendar.wording import day_in_words
from invoices.models import Invoice


class Replacements(NamedTuple):
    """The void invoice that an invoice replaces, and the invoice or draft that replaces it, if any."""

    replaces: Invoice | None
    replaced_by: Invoice | None


def replacement_of(invoice: Invoice) -> Invoice | None:
    """Return the invoice that was issued for the same period after this one, if any."""
    later = Invoice.objects.filter(period=invoice.period_id, pk__gt=invoice.pk, number__isnull=False)
    return later.order_by("pk").first()


def replaced_by(invoice: Invoice) -> Invoice | None:
    """Return the void invoice that this one replaces, if any."""
    earlier = Invoice.objects.filter(period=invoice.period_id, pk__lt=invoice.pk, state=Invoice.State.VOID)
    return earlier.order_by("-pk").first()


def replacement_notice(replacement: Invoice) -> str:
    """Return a void invoice's notice of its replacement."""
    of = f" of {day_in_words(replacement.issued_on)}" if replacement.issued_on else ""
    return f"Replaced by invoice {replacement.number}{of}."


def replacements_of(invoices: Iterable[Invoice]) -> Mapping[int, Replacements]:
    """Return the replacements of many invoices by invoice id, in one query."""
    of_period = dict[int, list[Invoice]]()
    periods = {invoice.period_id for invoice in invoices}
    for one in Invoice.objects.filter(period__in=periods).order_by("pk"):
        of_period.setdefault(one.period_id, []).append(one)
    found = dict[int, Replacements]()
    for some in of_period.values():
        for before, one, after in zip([None, *some], some, [*some[1:], None], strict=False):
            found[one.pk] = Replacements(before, after)
    return found
