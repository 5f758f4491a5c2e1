"""Find the charges of an invoice that a person names."""

import re

from billing_engine.core.errors import FieldFault
from invoices.models import Invoice
from pricing.models import Charge
from receivables.domain.credit_notes.sums import CreditHasFaults

SEPARATOR = re.compile(r"[,;\s]+")


def charges_named(invoice: Invoice, ids: str) -> list[Charge]:
    """Return the charges of the actions with these ids, each once; raise CreditHasFaults for each that names none or several."""
    asked = list(dict.fromkeys(each for each in SEPARATOR.split(ids) if each))
    found: dict[str, list[Charge]] = {name: [] for name in asked}
    charges = Charge.objects.filter(period=invoice.period_id, reason="", action__external_id__in=asked)
    for charge in charges.select_related("action").order_by("pk"):
        found[charge.action.external_id].append(charge)
    faults = [
        FieldFault(
            "actions",
            "no_such_charge" if not some else "ambiguous_charge",
            f"{name} is not charged on {invoice}."
            if not some
            else f"{name} names {len(some)} charges: choose them on the page of their line.",
            row,
        )
        for row, (name, some) in enumerate(found.items())
        if len(some) != 1
    ]
    if faults:
        raise CreditHasFaults(faults)
    return [some[0] for some in found.values()]
