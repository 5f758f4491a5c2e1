"""The page of one invoice: its content, its history, and links to the charges behind each line."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.timezone import now

from billing_engine.core.admin_kit.cells import Colour, instant, page_of
from billing_engine.core.admin_kit.extension import panels_of
from billing_engine.core.admin_kit.task_cards import notices_about
from billing_engine.core.admin_kit.timeline import timeline_of
from billing_engine.core.money import price_in_words
from invoices.admin.invoice.documents import documents_of
from invoices.domain.document.content import content_of
from invoices.domain.document.replacement import replacements_of
from invoices.domain.life.deeds import deeds_of
from invoices.domain.life.late_voids import late_voids_of, voided_actions
from invoices.domain.life.review_flags import flags_of
from invoices.domain.lines.books import books
from invoices.domain.mail.server import sends_email, server_name
from invoices.models import Invoice, InvoiceLine, InvoiceProof
from invoices.queries.standing import OVERDUE, standing_of

State = Invoice.State
VOIDED_SHOWN = 20
STATE_COLOURS: dict[Invoice.State, Colour] = {
    State.DRAFT: "orange",
    State.APPROVED: "blue",
    State.ISSUED: "green",
    State.VOID: "red",
}


@dataclass(frozen=True, slots=True)
class LateVoidsPanel:
    """The voided actions of an invoice: each with its link, description, charge, reason and time."""

    actions: int
    total: str
    shown: list[tuple[str, str, str, str, str]]
    more: int
    is_issued: bool


def invoice_page(model_admin: Any, request: HttpRequest, invoice: Invoice) -> HttpResponse:
    """Show the invoice with the buttons that its state allows."""
    found = model_admin.get_actions_detail(request, str(invoice.pk))
    paper = content_of(invoice)
    left = books().left_of([invoice.pk]).get(invoice.pk) if invoice.state == State.ISSUED else None
    standing = standing_of(invoice, left, today=invoice.customer.day_of(now()))
    addresses = charges_of(invoice) if request.user.has_perm("pricing.view_charge") else {}
    page = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.opts,
        "original": invoice,
        "object": invoice,
        "title": str(invoice),
        "invoice": invoice,
        "standing": standing,
        "colour": colour_of(invoice, standing),
        "paper": paper,
        "groups": [(group, [(row, addresses.get(row.position, "")) for row in group.rows]) for group in paper.groups],
        "uncharged": [(line, addresses.get(line.position, "")) for line in paper.uncharged],
        "timeline": timeline_of(request, invoice, deeds=deeds_of(invoice), zone=invoice.customer.zone),
        "flags": flags_of([invoice]).get(invoice.pk, []),
        "panels": panels_of(invoice),
        "late_voids": late_voids_panel(invoice),
        "approvals": notices_about(invoice) + notices_about(invoice.period),
        "places": [
            (words, page_of("invoices.invoice", other.pk), str(other))
            for words, other in zip(("Replaces", "Replaced by"), replacements_of([invoice])[invoice.pk], strict=True)
            if other
        ],
        "mails": invoice.mails.select_related("requested_by").order_by("-pk"),
        "documents": documents_of(invoice),
        "proof": InvoiceProof.objects.filter(invoice=invoice)
        .select_related("invoice")
        .defer("manifest", "signature")
        .first(),
        "no_mail_server": "" if sends_email() else server_name(),
        "media": model_admin.media,
        "actions_detail": model_admin._get_actions_navigation(  # noqa: SLF001 -- Unfold makes its header's buttons so
            model_admin.actions_detail, found, str(invoice.pk)
        ),
    }
    return TemplateResponse(request, "invoices/invoice_page.html", page)


def colour_of(invoice: Invoice, standing: str) -> Colour:
    """Return the color of how it stands, on its page and in the list."""
    return "red" if standing == OVERDUE else STATE_COLOURS[State(invoice.state)]


def late_voids_panel(invoice: Invoice) -> LateVoidsPanel | None:
    """Return the panel of actions voided after the close; None if there are none."""
    found = late_voids_of(invoice)
    if not found.actions:
        return None
    zone, currency = invoice.customer.zone, invoice.currency
    shown = [
        (
            page_of("leads.action", one.pk),
            f"{one.action_type.name} of lead {one.lead.external_id}",
            price_in_words(one.charge.amount, currency),
            one.void_reason,
            instant(one.voided_at, zone),
        )
        for one in voided_actions(invoice)[:VOIDED_SHOWN]
    ]
    total = price_in_words(found.amount, currency)
    return LateVoidsPanel(found.actions, total, shown, found.actions - len(shown), invoice.state == State.ISSUED)


def charges_of(invoice: Invoice) -> dict[int, str]:
    """Return the URL of each line's charges by position; minimums, adjustments and void invoices have none."""
    if invoice.state == State.VOID:
        return {}
    counted = (InvoiceLine.Kind.CHARGES, InvoiceLine.Kind.NOT_CHARGED)
    lines = invoice.lines.filter(kind__in=counted).values_list("position", "pk")
    return {position: page_of("invoices.invoiceline", line) for position, line in lines}
