"""Settings: the company's details on our invoices, and the PO number that it asks for."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.timezone import now

from billing_engine.core.errors import HasFaults, Refused
from leads.domain.terms.purchase_orders import (
    LENGTH,
    ask_for_purchase_order,
    from_in_words,
    purchase_orders_of,
    waiting_purchase_order,
    withdraw_purchase_order,
)
from leads.models import MemberRole, PurchaseOrderRequest
from portal.frame import page
from portal.gate import Visit
from portal.pages.settings import form_page
from portal.pages.settings_tabs import tabs_of
from portal.words import short_day

State = PurchaseOrderRequest.State
COLORS = {State.WAITING: "warn", State.CONFIRMED: "paid", State.DECLINED: "late", State.WITHDRAWN: ""}


class PurchaseOrderForm(forms.Form):
    """The PO number to print, and from when."""

    number = forms.CharField(
        label="PO number", max_length=LENGTH, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    first_day = forms.DateField(
        label="From",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="Printed on invoices issued from this day on. Empty: from the next invoice on.",
    )


def company_page(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Show what our invoices say about the customer, who gets mail, and which PO numbers were asked for."""
    customer = visit.customer
    terms = customer.terms.on(customer.today)
    return page(
        request,
        visit,
        "settings_company",
        "Settings",
        here="settings",
        tabs=tabs_of(visit, "company"),
        facts=[
            ("Name", terms.legal_name or customer.name),
            ("Address", terms.address or "none given"),
            ("Tax ID", terms.tax_id or "none given"),
            ("Invoices go to", ", ".join(terms.billing_contacts) or "no address"),
            ("Billing time zone", customer.time_zone),
            ("Currency", customer.currency),
            ("Billing cycle", customer.get_cycle_display().lower()),
        ],
        purchase_order=terms.purchase_order,
        requests=[_row(visit, each) for each in purchase_orders_of(customer)],
        ask=visit.address("purchase_order") if visit.may(MemberRole.BILLING) else "",
    )


def purchase_order_page(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Ask for a PO number, or withdraw the waiting request."""
    waiting = waiting_purchase_order(visit.customer)
    first = {"number": waiting.number, "first_day": waiting.first_day} if waiting else None
    form, back = PurchaseOrderForm(request.POST or None, initial=first), visit.address("company")
    try:
        if request.POST.get("act") == "remove":
            withdraw_purchase_order(visit.customer, by=visit.user, at=now())
            messages.success(request, "The request is withdrawn.")
            return HttpResponseRedirect(back)
        if request.method == "POST" and form.is_valid():
            asked = ask_for_purchase_order(visit.customer, **form.cleaned_data, by=visit.user, at=now())
            messages.success(request, f"Asked for PO number {asked.number}. The answer is shown here.")
            return HttpResponseRedirect(back)
    except HasFaults as refusal:
        for fault in refusal.faults:
            form.add_error(fault.field, fault.words)
    except Refused as refusal:
        form.add_error(None, str(refusal))
    says = "Our finance team confirms it. Invoices that are issued already stay as they are."
    more = {"says": says, "back": back} | ({"removes": "Withdraw the request"} if waiting else {})
    title = "Change your request" if waiting else "Ask for a PO number"
    return form_page(request, visit, title, form, "Send the request", **more)


def _row(visit: Visit, each: PurchaseOrderRequest) -> dict[str, str]:
    customer, by = visit.customer, each.asked_by
    return {
        "number": each.number,
        "printed": from_in_words(each.printed_from or each.first_day),
        "by": by.get_full_name() or by.get_username(),
        "asked": short_day(customer.day_of(each.asked_at)),
        "state": State(each.state).label,
        "color": COLORS[State(each.state)],
        "decided": short_day(customer.day_of(each.decided_at)) if each.decided_at else "",
        "answer": each.answer,
    }
