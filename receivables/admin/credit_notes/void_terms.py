"""What the customer's page gets: how actions that are voided after billing are credited, and the dialog that changes it."""

from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.timezone import now
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from billing_engine.core.admin_kit.columns import column
from billing_engine.core.admin_kit.dialogs import Dialog, Done, button, person
from billing_engine.core.calendar.wording import day_in_words
from leads.admin.customers import CustomerAdmin
from leads.models import Customer
from receivables.domain.late_voids.terms import current
from receivables.domain.late_voids.terms import set_terms as set_void_terms
from receivables.models import VoidTerms
from receivables.models.void_credit import MOST_DAYS

CHANGE = "receivables.add_voidterms"


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


@button(
    "Terms for late voids",
    permission=CHANGE,
    icon="undo",
    asks=Dialog(
        title=lambda customer: f"How does {customer} get credit for late voids?",
        says="For actions that are voided after they were billed. It applies to what is voided from now on.",
        form=TermsForm,
        first=now_in_force,
    ),
)
def set_late_voids(_: Any, request: HttpRequest, customer: Customer, answers: dict[str, Any]) -> Done:
    set_void_terms(customer, **answers, by=person(request), at=now())
    return Done("It applies to what is voided from now on.")


def in_words(customer: Customer) -> str:
    """Say how they are credited, since when, and why."""
    terms = current(customer)
    wait = f", or a credit note after {terms.wait_days} days" if terms.way == VoidTerms.Way.LINE else ""
    if terms._state.adding:
        return f"{terms}{wait}"
    since = day_in_words(customer.day_of(terms.since))
    return f"{terms}{wait}. Since {since}, set by {terms.set_by.get_full_name() or terms.set_by}: {terms.reason}"


CustomerAdmin.extend_buttons(set_late_voids, before="change_commitments")
CustomerAdmin.extend_section(
    "Late voids",
    {"late_voids": column(in_words, lambda customer: customer, title="credited by")},
    after="Receivables",
    needs="receivables.view_voidterms",
)
