"""Cells of a credit note's page: what it credits, and what it was drafted from."""

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from billing_engine.core import money
from billing_engine.core.admin_kit.cells import NOTHING, link
from receivables.models import CreditNote, Dispute


def credited_lines(note: CreditNote) -> SafeString:
    """Show each line with its charges, then the taxes and the total."""
    currency = note.currency
    rows = list[tuple[str, str, str]]()
    for line in note.lines.select_related("line").order_by("line__position"):
        words = f"Line {line.line.position}: {line.line.description}"
        rows.append(("", words, money.in_words(line.amount, currency)))
        charges = line.charges.select_related("action__lead").order_by("action__occurred_at", "pk")
        rows += [
            ("lb-quiet", f"Action {each.action.external_id} of lead {each.action.lead.external_id}",
             money.in_words(each.amount, currency))
            for each in charges
        ]  # fmt: skip
    rows.append(("", "Before tax", money.in_words(note.subtotal, currency)))
    for tax in note.taxes.order_by("position"):
        rows.append(("", f"{tax} of {money.in_words(tax.base, currency)}", money.in_words(tax.amount, currency)))
    rows.append(("font-semibold", "Total credited", money.in_words(note.total, currency)))
    shown = format_html_join("", '<tr class="{}"><td>{}</td><td>{}</td></tr>', rows)
    return format_html('<table class="lb-table credit-lines lb-wide">{}</table>', shown)


def origin_of(note: CreditNote) -> str | SafeString:
    """Show what the note was drafted from: a dispute with its page, or words."""
    disputes = Dispute.objects.filter(invoice=note.invoice_id) if note.origin else ()
    dispute = next((each for each in disputes if each.number == note.origin), None)
    return link(dispute) if dispute else note.origin or NOTHING
