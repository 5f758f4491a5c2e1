"""The page of one invoice: the paper itself, what happened to it, and the charges behind each line."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from billing_engine.core.money import in_words
from billing_engine.core.spans import Month
from invoices.domain.flags import flags_of
from invoices.domain.paper import paper_of
from invoices.models import Adjustment, Invoice, InvoiceDocument, InvoiceLine
from leads.admin.shown import Colour, list_of

State = Invoice.State
STATE_COLOURS: dict[Invoice.State, Colour] = {
    State.DRAFT: "orange",
    State.APPROVED: "blue",
    State.ISSUED: "green",
    State.VOID: "red",
}


@dataclass(frozen=True, slots=True)
class Step:
    """What happened to an invoice, when, by whom and why."""

    name: str
    at: datetime
    by: User | None
    why: str = ""


def invoice_page(model_admin: Any, request: HttpRequest, invoice: Invoice) -> HttpResponse:
    """The invoice as it stands, with the buttons its state allows."""
    found = model_admin.get_actions_detail(request, str(invoice.pk))
    paper = paper_of(invoice)
    addresses = charges_of(invoice) if request.user.has_perm("pricing.view_charge") else {}
    page = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.opts,
        "original": invoice,
        "object": invoice,
        "title": str(invoice),
        "invoice": invoice,
        "colour": STATE_COLOURS[State(invoice.state)],
        "paper": paper,
        "charged": [(line, addresses.get(line.position, "")) for line in paper.lines],
        "uncharged": [(line, addresses.get(line.position, "")) for line in paper.uncharged],
        "steps": steps_of(invoice),
        "flags": flags_of([invoice]).get(invoice.pk, []),
        "document": InvoiceDocument.objects.filter(invoice=invoice).defer("content").first(),
        "media": model_admin.media,
        "actions_detail": model_admin._get_actions_navigation(  # noqa: SLF001 -- Unfold makes its header's buttons so
            model_admin.actions_detail, found, str(invoice.pk)
        ),
    }
    return TemplateResponse(request, "invoices/invoice_page.html", page)


def steps_of(invoice: Invoice) -> list[Step]:
    """Drafted, adjusted, approved, issued, sent, voided: as far as it has come, in this order."""
    adjusted = Adjustment.objects.filter(line__invoice=invoice).select_related("line", "adjusted_by")
    steps = [
        Step("Drafted", invoice.created_at, None),
        *(
            Step(
                f"Adjusted by {in_words(one.line.amount, invoice.currency)}",
                one.adjusted_at,
                one.adjusted_by,
                one.reason,
            )
            for one in adjusted.order_by("line__position")
        ),
    ]
    if invoice.approved_at:
        steps.append(Step("Approved", invoice.approved_at, invoice.approved_by))
    if invoice.issued_at:
        steps.append(Step("Issued", invoice.issued_at, invoice.issued_by))
    if invoice.sent_at:
        steps.append(Step("Sent", invoice.sent_at, None))
    if invoice.voided_at:
        steps.append(Step("Voided", invoice.voided_at, invoice.voided_by, invoice.void_reason))
    return steps


def charges_of(invoice: Invoice) -> dict[int, str]:
    """By the line's position the address of exactly the charges behind it; a minimum and an adjustment have none."""
    lines = invoice.lines.filter(kind__in=(InvoiceLine.Kind.CHARGES, InvoiceLine.Kind.NOT_CHARGED))
    return {line.position: _charges(invoice, line) for line in lines}


def _charges(invoice: Invoice, line: InvoiceLine) -> str:
    facts: dict[str, object] = {
        "action__period__id__exact": invoice.period_id,
        "action__action_type__id__exact": line.action_type_id,
    }
    if line.kind == InvoiceLine.Kind.NOT_CHARGED:
        return list_of("pricing.charge", **facts, reason__exact=line.reason)
    occurred = Month.parse(line.late_from).span(invoice.customer.zone) if line.late_from else invoice.period.span
    return list_of(
        "pricing.charge",
        **facts,
        action__lead__product__id__exact=line.product_id,
        rule__id__exact=line.rule_id,
        action__occurred_at__gte=occurred.start.isoformat(),
        action__occurred_at__lt=occurred.end.isoformat(),
    )
