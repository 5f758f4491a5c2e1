"""What pages of open items are asked for: a day and its basis, a company, customers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings
from django.db.models import Q
from django.utils.http import urlencode
from django.utils.timezone import now
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from billing_engine.core.admin_kit.fields import day_field
from billing_engine.core.calendar.edges import today_somewhere
from leads.models import Company, Customer
from receivables.domain.ledger.open_items import Basis, Question, Scope

QUESTIONS = (
    (Question.DATED, "Dated up to that day (the books)"),
    (Question.KNOWN, "Known on that day (what this page showed)"),
)
MEANS = {
    Question.DATED: "Counts every document and match with a posting date up to that day, also if it was recorded later.",
    Question.KNOWN: "Counts every document and match that was recorded by the end of that day in the customer’s time zone,"
    " whatever its posting date.",
}


class AskedForm(forms.Form):
    """A day, its basis, and which customers and company."""

    def __init__(self, asked: Mapping[str, str]) -> None:
        at = now()
        companies = [("", "All companies"), *company_names().items()]
        defaults = {"as_of": str(at.date()), "basis": Question.DATED.value}
        super().__init__({**defaults, **{name: value for name, value in asked.items() if value}})
        self.fields["as_of"] = day_field("As of", latest=today_somewhere(at))
        self.fields["basis"] = forms.ChoiceField(choices=QUESTIONS, widget=UnfoldAdminSelectWidget)
        self.fields["q"] = forms.CharField(
            label="Customer", required=False, widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "Name or code"})
        )
        if len(companies) > 2:
            self.fields["company"] = forms.ChoiceField(
                choices=companies, required=False, widget=UnfoldAdminSelectWidget
            )


@dataclass(frozen=True, slots=True)
class Asked:
    """A valid question, and the address that asks it."""

    basis: Basis
    scope: Scope
    address: Mapping[str, str]

    def link(self, page: str, **more: object) -> str:
        """Return the address of a page about the same day, basis, company and customers."""
        asked = {**self.address, **{name: str(value) for name, value in more.items() if value not in (None, "")}}
        return f"{page}?{urlencode(asked)}"


def asked_by(form: AskedForm, *, customer: str = "", currency: str = "") -> Asked | None:
    """Return what a form asks; None if it is refused."""
    if not form.is_valid():
        return None
    data: dict[str, Any] = form.cleaned_data
    basis = Basis(data["as_of"], Question(data["basis"]))
    company, words = data.get("company", ""), data["q"].strip()
    customers: list[int] | None = None
    if customer.isdecimal():
        customers = [int(customer)]
    elif words:
        found = Customer.objects.filter(Q(name__icontains=words) | Q(code__istartswith=words))
        customers = list(found.values_list("pk", flat=True))
    address = {"as_of": str(basis.day), "basis": str(basis.question), "company": company, "q": words}
    return Asked(
        basis,
        Scope(customers, currency, int(company) if company else None),
        {name: value for name, value in address.items() if value},
    )


def company_names() -> dict[str, str]:
    """Return every company that issues invoices, by key; 0 is the seller in the settings."""
    rows = Company.objects.order_by("name").values_list("pk", "name")
    return {"0": settings.SELLER["name"], **{str(key): name for key, name in rows}}
