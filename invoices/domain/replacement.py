"""Which invoice stands in the place of a void one: the next of its billing period that got a number."""

from invoices.models import Invoice


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
