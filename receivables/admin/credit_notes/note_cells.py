"""Cells of a credit note's page: what it credits, and what it was drafted from."""

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from billing_engine.core import money
from billing_engine.core.admin_kit.cells import NOTHING, code, link
from receivables.domain.credit_notes.staying import dispute_of
from receivables.models import CreditNote, Paper


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
    dispute = dispute_of(note)
    return link(dispute) if dispute else note.origin or NOTHING


def state_of(paper: Paper) -> SafeString:
    """Show whether a PDF is stored, with its digest, or why it could not be made."""
    words = f"{paper}, {paper.get_state_display().lower()}"
    return format_html("{}<div>{}</div>", words, code(paper.sha256) if paper.is_kept else paper.reason)


def has_failed_paper(note: CreditNote) -> bool:
    """Return whether the note's PDF could not be made."""
    return note.paper is not None and note.paper.state == Paper.State.FAILED
