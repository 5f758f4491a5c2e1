"""What credit notes credit, line by line, with each line's share of the note's stored taxes."""

from collections.abc import Collection
from decimal import Decimal

from billing_engine.core import money
from invoices.domain.document.taxed_lines import TaxedLine, taxed_lines_of
from receivables.models import CreditNote


def credited_lines_of(documents: Collection[int]) -> dict[int, list[TaxedLine]]:
    """Read the lines of the notes that posted these documents, by the document; others are left out."""
    found = CreditNote.objects.filter(document__in=documents).select_related("invoice")
    notes = list(found.prefetch_related("lines", "taxes"))
    invoices = taxed_lines_of({note.invoice_id for note in notes})
    return {note.document_id: _lines_of(note, invoices[note.invoice_id]) for note in notes if note.document_id}


def _lines_of(note: CreditNote, invoiced: Collection[TaxedLine]) -> list[TaxedLine]:
    of_line = {each.line: each for each in invoiced}
    lines = sorted(note.lines.all(), key=lambda each: each.line_id)
    shares = [dict[str, Decimal]() for _ in lines]
    for tax in note.taxes.all():
        on = [place for place, each in enumerate(lines) if str(tax) in of_line[each.line_id].taxes]
        base = sum((lines[place].amount for place in on), money.ZERO)
        # The last note takes what is left, which may be a tax on lines that add up to nothing.
        exact = [lines[place].amount * tax.amount / base if base else money.ZERO for place in on]
        spread = money.spread(exact, note.currency) if base else [tax.amount, *exact[1:]]
        for place, share in zip(on, spread, strict=True):
            shares[place][str(tax)] = share
    return [
        TaxedLine(of_line[each.line_id].description, each.amount, its, of_line[each.line_id].product, each.line_id)
        for each, its in zip(lines, shares, strict=True)
    ]
