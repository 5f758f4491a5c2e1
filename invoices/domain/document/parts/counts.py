"""How many actions an invoice stands for: all that were received are charged, included, or not charged."""

from collections.abc import Iterable
from decimal import Decimal

from invoices.domain.document.content_lines import is_included
from invoices.domain.wording import quantity_in_words
from invoices.models import InvoiceLine


def counts_in_words(lines: Iterable[InvoiceLine]) -> str:
    """`749 actions received: 665 charged, 19 included at zero, 65 not charged, none waiting`; "" if there are none.

    None can wait for a price: a period closes only once all of its actions are rated.
    """
    charged = included = uncharged = 0
    for line in lines:
        if line.kind == InvoiceLine.Kind.NOT_CHARGED:
            uncharged += line.actions
        elif is_included(line):
            included += line.actions
        elif line.kind == InvoiceLine.Kind.CHARGES:
            charged += line.actions
    received = charged + included + uncharged
    if not received:
        return ""
    told = f"{_count(received)} action{'' if received == 1 else 's'} received"
    return (
        f"{told}: {_count(charged)} charged, {_count(included)} included at zero,"
        f" {_count(uncharged)} not charged, none waiting"
    )


def _count(number: int) -> str:
    return quantity_in_words(Decimal(number))
