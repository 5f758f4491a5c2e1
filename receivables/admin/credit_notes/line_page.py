"""What a line's page gets: crediting the line or chosen charges of it, and the charges that a credit line takes back."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render

from billing_engine.core import money
from billing_engine.core.access.pages import needs
from billing_engine.core.admin_kit.cells import address_of
from billing_engine.core.admin_kit.dialogs import person
from billing_engine.core.admin_kit.extension import Panel, PanelFact, in_panel
from billing_engine.core.admin_kit.menu import page_at
from billing_engine.core.errors import Refused
from billing_engine.core.validation import key_of
from invoices.admin.invoice.line_admin import InvoiceLineAdmin
from invoices.domain.lines.detail import line_of
from invoices.models import Invoice, InvoiceLine
from pricing.models import Charge
from receivables.admin.credit_notes.crediting import fingerprint, totals_of
from receivables.admin.credit_notes.why_form import WhyForm
from receivables.domain.credit_notes.drafting import (
    Proposal,
    draft_for_charges,
    draft_for_lines,
    propose_charges,
    propose_lines,
)
from receivables.domain.credit_notes.left import what_is_left
from receivables.models import CreditedCharge

CREDIT, PAGE = "receivables.add_creditnote", "receivables_credit_from_line"
MOST_CHARGES, MOST_SHOWN = 200, 200


@needs(CREDIT)
def credit_page(request: HttpRequest) -> HttpResponse:
    """Credit what is left of a line, or chosen charges; first a dry run."""
    line, charges = _asked(request.GET)
    invoice, form, refused = line.invoice, WhyForm(request.POST or None), ""
    proposal: Proposal | None = None
    try:
        proposal = _proposal(line, charges)
        if request.method == "POST" and form.is_valid() and form.cleaned_data["seen"] == fingerprint(proposal):
            why = {name: form.cleaned_data[name] for name in ("reason", "sentence")}
            if charges:
                note = draft_for_charges(invoice, charges, by=person(request), **why)
            else:
                note = draft_for_lines(invoice, proposal.sums.lines, by=person(request), **why)
            return HttpResponseRedirect(address_of(note))
    except Refused as refusal:
        refused = str(refusal)
    return render(request, "receivables/credit_from_line.html", _shown(request, line, charges, form, proposal, refused))


def _asked(asked: QueryDict) -> tuple[InvoiceLine, list[Charge]]:
    """What the address names: a line, or charges of one line."""
    keys = [key for each in asked.getlist("charge")[:MOST_CHARGES] if (key := key_of(each)) is not None]
    charges = list(Charge.objects.filter(pk__in=keys).select_related("action__lead", "period__customer").order_by("pk"))
    key = key_of(asked.get("line", "")) or 0
    lines = InvoiceLine.objects.select_related("invoice__customer", "invoice__period__customer")
    line = line_of(charges[0]) if charges else lines.filter(pk=key).first()
    if line is None:
        raise Http404
    return lines.get(pk=line.pk), charges


def _proposal(line: InvoiceLine, charges: list[Charge]) -> Proposal:
    if charges:
        return propose_charges(line.invoice, [charge.pk for charge in charges])
    return propose_lines(line.invoice, {line: what_is_left(line.invoice).amounts.get(line.pk, money.ZERO)})


def _shown(
    request: HttpRequest,
    line: InvoiceLine,
    charges: list[Charge],
    form: forms.Form,
    proposal: Proposal | None,
    refused: str,
) -> dict[str, Any]:
    count = f"{len(charges):,} charge{'' if len(charges) == 1 else 's'}" if charges else f"line {line.position}"
    rows = list[tuple[str, str]]()
    if proposal is not None:
        share = {action: amount for some in proposal.shares.values() for action, amount in some.items()}
        rows = [
            (_in_words(each), money.in_words(share[each.pk], line.invoice.currency))
            for each in charges
            if each.pk in share
        ]
    return {
        **admin.site.each_context(request),
        "title": f"Credit {count} of {line.invoice}",
        "line": line,
        "form": form,
        "rows": rows,
        "totals": totals_of(proposal) if proposal else [],
        "seen": fingerprint(proposal) if proposal else "",
        "refused": refused,
        "back": address_of(line),
    }


def _in_words(charge: Charge) -> str:
    return f"Action {charge.action.external_id} of lead {charge.action.lead.external_id}"


@in_panel("invoices.invoiceline")
def credited_by(line: InvoiceLine) -> Panel | None:
    """Return what a credit line takes back, charge by charge; None for another line."""
    if line.kind != InvoiceLine.Kind.CREDIT:
        return None
    currency = line.invoice.currency
    found = CreditedCharge.objects.filter(line__note__carried_by=line).select_related("action", "line__line__invoice")
    charges = list(found.order_by("action__occurred_at", "pk")[: MOST_SHOWN + 1])
    facts = [
        PanelFact("Action", money.in_words(-each.amount, currency), each.action.external_id, address_of(each.action))
        for each in charges[:MOST_SHOWN]
    ]
    if len(charges) > MOST_SHOWN:
        facts.append(PanelFact(f"More than {MOST_SHOWN} actions", ""))
    corrected: Invoice | None = charges[0].line.line.invoice if charges else None
    of = PanelFact(
        "In all, of",
        money.in_words(line.amount, currency),
        str(corrected or ""),
        address_of(corrected) if corrected else "",
    )
    return Panel("What it takes back", [*facts, of])


InvoiceLineAdmin.extend_acts_on_charges("Credit", f"admin:{PAGE}", CREDIT)
page_at("receivables/credit/", credit_page, name=PAGE)
