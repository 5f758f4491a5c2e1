"""What the customer's page gets: how actions that are voided after billing are credited, and the page that changes it."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import now
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from billing_engine.core.access.pages import needs
from billing_engine.core.admin_kit.cells import address_of
from billing_engine.core.admin_kit.columns import column
from billing_engine.core.admin_kit.dialogs import person
from billing_engine.core.admin_kit.menu import page_at
from billing_engine.core.calendar.wording import day_in_words
from billing_engine.core.errors import Refused
from leads.admin.customers import CustomerAdmin
from leads.models import Customer
from receivables.domain.late_voids.terms import current
from receivables.domain.late_voids.terms import set_terms as set_void_terms
from receivables.models import VoidTerms
from receivables.models.void_credit import MOST_DAYS

CHANGE, PAGE = "receivables.add_voidterms", "receivables_void_terms"


class TermsForm(forms.Form):
    """How, how long it waits for an invoice, and why."""

    way = forms.ChoiceField(label="Credited by", choices=VoidTerms.Way.choices, widget=UnfoldAdminSelectWidget)
    wait_days = forms.IntegerField(
        label="Days to wait for the next invoice",
        help_text="Only for a credit line. If no invoice is drafted by then, it becomes a credit note.",
        min_value=1,
        max_value=MOST_DAYS,
        widget=UnfoldAdminIntegerFieldWidget,
    )
    reason = forms.CharField(max_length=200, widget=UnfoldAdminTextInputWidget)


def now_in_force(customer: Customer) -> dict[str, Any]:
    """Return the terms that the dialog starts from."""
    terms = current(customer)
    return {"way": terms.way, "wait_days": terms.wait_days}


@needs(CHANGE)
def terms_page(request: HttpRequest, customer: int) -> HttpResponse:
    """Ask for the terms of what is voided from now on."""
    found = get_object_or_404(Customer, pk=customer)
    form = TermsForm(request.POST or None, initial=now_in_force(found))
    if request.method == "POST" and form.is_valid():
        try:
            set_void_terms(found, **form.cleaned_data, by=person(request), at=now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "It applies to what is voided from now on.")
            return HttpResponseRedirect(address_of(found))
    shown = {
        **admin.site.each_context(request),
        "title": f"How does {found} get credit for late voids?",
        "says": "For actions that are voided after they were billed. It applies to what is voided from now on.",
        "form": form,
        "presses": "Set",
        "back": address_of(found),
    }
    return render(request, "receivables/form_page.html", shown)


def told(customer: Customer) -> SafeString:
    """Show the terms, with the way to change them."""
    change = reverse(f"admin:{PAGE}", args=[customer.pk])
    return format_html('{}<br><a class="text-link" href="{}">Change</a>', in_words(customer), change)


def in_words(customer: Customer) -> str:
    """Say how they are credited, since when, and why."""
    terms = current(customer)
    wait = f", or a credit note after {terms.wait_days} days" if terms.way == VoidTerms.Way.LINE else ""
    if terms._state.adding:
        return f"{terms}{wait}"
    since = day_in_words(customer.day_of(terms.since))
    return f"{terms}{wait}. Since {since}, set by {terms.set_by.get_full_name() or terms.set_by}: {terms.reason}"


CustomerAdmin.extend_section(
    "Late voids",
    {"late_voids": column(told, lambda customer: customer, title="credited by")},
    after="Billing",
    needs="receivables.view_voidterms",
)
page_at("receivables/void-terms/<int:customer>/", terms_page, name=PAGE)
