"""The page of what was voided after it was billed and waits for its credit, and the button of one invoice."""

from collections import defaultdict
from decimal import Decimal
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.timezone import now
from unfold.enums import ActionVariant

from billing_engine.core import money
from billing_engine.core.access.pages import needs
from billing_engine.core.admin_kit.cells import address_of
from billing_engine.core.admin_kit.dialogs import Dialog, Done, button, person
from billing_engine.core.admin_kit.menu import page_at
from billing_engine.core.errors import Refused
from invoices.admin.invoice.invoice_admin import InvoiceAdmin
from invoices.models import Invoice
from receivables.domain.credit_notes.late_voids import draft_for_voids, invoices_waiting, waiting, waiting_of
from receivables.queries.late_void import what_happens

CREDIT = "receivables.add_creditnote"
AT_A_TIME = 200
NAME = "receivables_late_voids"


@needs("receivables.view_creditnote")
def late_voids_page(request: HttpRequest) -> HttpResponse:
    """List the invoices that wait, each with the note that would be drafted: a dry run of the button below."""
    found, at = waiting(list(invoices_waiting()[:AT_A_TIME])), now()
    sums = defaultdict[str, Decimal](Decimal)
    for each in found:
        if each.proposal:
            sums[each.invoice.currency] += each.proposal.sums.total
    rows = [
        {
            "invoice": each.invoice,
            "address": address_of(each.invoice),
            "actions": each.actions,
            "total": money.in_words(each.proposal.sums.total, each.invoice.currency) if each.proposal else "",
            "why_not": each.why_not,
            "happens": what_happens(each.invoice, at=at),
        }
        for each in found
    ]
    page = {
        **admin.site.each_context(request),
        "title": "Voided after billing",
        "rows": rows,
        "sums": [money.in_words(total, currency) for currency, total in sorted(sums.items())],
        "notes": sum(each.proposal is not None for each in found),
        "may_draft": request.user.has_perm(CREDIT),
    }
    return render(request, "receivables/late_voids.html", page)


@needs(CREDIT)
def draft_late_voids(request: HttpRequest) -> HttpResponse:
    """Draft one note per waiting invoice; each that is refused is told with its reason."""
    if request.method == "POST":
        drafted = 0
        for invoice in list(invoices_waiting()[:AT_A_TIME]):
            try:
                draft_for_voids(invoice, by=person(request))
            except Refused as refusal:
                messages.warning(request, f"{invoice}: {refusal}")
            else:
                drafted += 1
        messages.success(request, f"{drafted} credit note{'' if drafted == 1 else 's'} drafted.")
    return HttpResponseRedirect(reverse("admin:receivables_creditnote_changelist"))


def voids_in_words(invoice: Invoice) -> str:
    """Say what the note would credit."""
    [found] = waiting([invoice])
    if found.proposal is None:
        return found.why_not
    sums, currency = found.proposal.sums, invoice.currency
    amounts = [money.in_words(amount, currency) for amount in (sums.subtotal, sums.tax, sums.total)]
    actions = f"{found.actions:,} voided action{'' if found.actions == 1 else 's'}"
    return f"{actions}: {amounts[0]} before tax, {amounts[1]} tax, {amounts[2]} in total. The tiers of the period don't move."


@button(
    "Credit voided actions",
    permission=CREDIT,
    icon="undo",
    variant=ActionVariant.PRIMARY,
    offered=lambda invoice: invoice.state == Invoice.State.ISSUED and waiting_of(invoice).exists(),
    asks=Dialog(title=lambda invoice: f"Credit the voided actions of {invoice}?", says=voids_in_words),
)
def credit_voids(_self: Any, request: HttpRequest, invoice: Invoice, _answers: dict[str, Any]) -> Done:
    return Done("Credit note drafted.", address=address_of(draft_for_voids(invoice, by=person(request))))


InvoiceAdmin.extend_buttons(credit_voids, before="void")
page_at("receivables/late-voids/", late_voids_page, name=NAME)
page_at("receivables/late-voids/draft/", draft_late_voids, name=f"{NAME}_draft")
