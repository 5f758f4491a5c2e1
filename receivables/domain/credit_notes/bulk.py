"""Credit many invoices the same way; a dry run says first what each would be credited, or why it can't be."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.contrib.auth.models import User

from billing_engine.core import money
from billing_engine.core.errors import FieldFault, Refused
from invoices.models import Invoice
from receivables.domain.credit_notes.drafting import Amounts, check_issued, draft_for_lines, propose_lines
from receivables.domain.credit_notes.left import what_is_left
from receivables.domain.credit_notes.sums import CreditHasFaults
from receivables.models import CreditNote, Reason


@dataclass(frozen=True, slots=True)
class Planned:
    """What one invoice would be credited with tax, or why it is refused; the note once it is drafted."""

    invoice: Invoice
    total: Decimal = money.ZERO
    refused: str = ""
    note: CreditNote | None = None

    @property
    def in_words(self) -> str:
        return money.in_words(self.total, self.invoice.currency)


def dry_run(invoices: Sequence[Invoice], *, percent: Decimal) -> list[Planned]:
    """Return what a note over this share of what is left of each line would credit; nothing is written."""
    return [_planned(invoice, percent) for invoice in invoices]


def draft_all(
    invoices: Sequence[Invoice], *, percent: Decimal, reason: Reason, sentence: str, by: User
) -> list[Planned]:
    """Draft a note for each invoice by itself, and return what happened; a refused one stays as it is."""
    done = []
    for invoice in invoices:
        try:
            amounts = _share_left(invoice, percent)
            note = draft_for_lines(invoice, amounts, reason=reason, sentence=sentence, by=by)
        except Refused as refusal:
            done.append(Planned(invoice, refused=str(refusal)))
        else:
            done.append(Planned(invoice, note.total, note=note))
    return done


def _planned(invoice: Invoice, percent: Decimal) -> Planned:
    try:
        return Planned(invoice, propose_lines(invoice, _share_left(invoice, percent)).sums.total)
    except Refused as refusal:
        return Planned(invoice, refused=str(refusal))


def _share_left(invoice: Invoice, percent: Decimal) -> Amounts:
    check_issued(invoice)
    if not 0 < percent <= 100:
        raise CreditHasFaults([FieldFault("percent", "not_a_share", "Credit more than 0% and at most 100%.")])
    shares = {
        line: money.rounded(amount * percent / 100, invoice.currency)
        for line, amount in what_is_left(invoice).whole.items()
    }
    return {line: share for line, share in shares.items() if share}
