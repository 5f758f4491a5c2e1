"""A customer's statement of account: the same content as a page and as a PDF."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.timezone import now
from unfold.contrib.filters.forms import AutocompleteDropdownForm
from unfold.widgets import UnfoldAdminSelectWidget

from billing_engine.core.access.pages import needs
from billing_engine.core.admin_kit.cells import page_of
from billing_engine.core.admin_kit.fields import day_field
from billing_engine.core.admin_kit.menu import Item, in_menu, page_at
from billing_engine.core.calendar.edges import FIRST_DAY, today_somewhere
from billing_engine.core.calendar.wording import day_in_words
from billing_engine.core.tables.download import file_response
from leads.models import Company, Customer
from receivables.admin.asked import QUESTIONS, company_names
from receivables.domain.ledger.open_items import Question
from receivables.domain.statements.content import StatementContent, content_of
from receivables.domain.statements.paper import pdf_of
from receivables.domain.statements.statement import accounts_of, statement
from receivables.models import LedgerDocument

# A statement has the customer's address on it.
MAY_SEE = ("receivables.view_ledgerdocument", "leads.view_customer")
PAGE, PDF = "admin:receivables_statement", "admin:receivables_statement_pdf"
LONGEST = timedelta(days=800)


class StatementForm(forms.Form):
    """A customer, the days, and which of its accounts."""

    class Media(AutocompleteDropdownForm.Media):
        pass

    customer = forms.ModelChoiceField(Customer.objects.all())

    def __init__(self, asked: Mapping[str, str]) -> None:
        at = now()
        as_of = asked.get("as_of") or str(at.date())
        given = {
            "as_of": as_of,
            "first": asked.get("first") or _quarter(as_of, at.date()),
            "basis": Question.DATED.value,
        }
        super().__init__({**given, **{name: value for name, value in asked.items() if value}})
        self.fields["first"] = day_field("From", latest=today_somewhere(at))
        self.fields["as_of"] = day_field("To", latest=today_somewhere(at))
        self.fields["basis"] = forms.ChoiceField(choices=QUESTIONS, widget=UnfoldAdminSelectWidget)
        whose = self.fields["customer"]
        assert isinstance(whose, forms.ModelChoiceField)  # noqa: S101 -- tells mypy
        # The widget of the list filters, which searches on the server, however many customers there are.
        whose.widget = AutocompleteSelect(
            LedgerDocument._meta.get_field("customer"), admin.site, attrs={"class": "unfold-filter-autocomplete"}
        )
        whose.widget.choices = whose.choices

    def clean(self) -> dict[str, Any]:
        """Refuse days in the wrong order, or years of them."""
        first, last = self.cleaned_data.get("first"), self.cleaned_data.get("as_of")
        if first and last and first > last:
            self.add_error("first", f"Choose a day up to {day_in_words(last)}.")
        elif first and last and last - first > LONGEST:
            self.add_error("first", f"Choose a day from {day_in_words(last - LONGEST)} on.")
        return self.cleaned_data


def _quarter(as_of: str, today: date) -> str:
    """The first day of the second month before; a day that is none asks for nothing."""
    try:
        day = max(date.fromisoformat(as_of), FIRST_DAY)
    except ValueError:
        day = today
    return str(((day.replace(day=1) - timedelta(days=1)).replace(day=1) - timedelta(days=1)).replace(day=1))


@needs(*MAY_SEE)
def statement_page(request: HttpRequest) -> HttpResponse:
    """Show the statement that the form asks for."""
    form = StatementForm(request.GET.dict())
    is_asked = bool(request.GET.get("customer"))
    page: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": "Statements",
        "form": form,
        "is_asked": is_asked,
    }
    if is_asked and form.is_valid():
        customer: Customer = form.cleaned_data["customer"]
        content, accounts, chosen = _content(form, request.GET.get("account", ""))
        kept = {name: form[name].value() for name in ("customer", "first", "as_of", "basis")}
        page |= {
            "paper": content,
            "customer": customer,
            "customer_address": page_of("leads.customer", customer.pk),
            "rows": [(line, page_of("receivables.ledgerdocument", line.pk)) for line in content.movements if line.pk],
            "open_rows": [(line, page_of("receivables.ledgerdocument", line.pk)) for line in content.open_lines],
            "accounts": [
                (words, f"{reverse(PAGE)}?{urlencode(kept | {'account': key})}", key == chosen)
                for key, words in accounts.items()
            ],
            "files": [("PDF", f"{reverse(PDF)}?{urlencode(kept | {'account': chosen})}")],
        }
    return TemplateResponse(request, "receivables/statement.html", page)


@needs(*MAY_SEE)
def statement_pdf(request: HttpRequest) -> HttpResponse:
    """The same statement as a PDF."""
    form = StatementForm(request.GET.dict())
    if not form.is_valid():
        words = " ".join(str(word) for words in form.errors.values() for word in words)
        return HttpResponseBadRequest(words, content_type="text/plain; charset=utf-8")
    customer: Customer = form.cleaned_data["customer"]
    content, _, _ = _content(form, request.GET.get("account", ""))
    name = f"statement-{customer.code}-{form.cleaned_data['as_of']}.pdf"
    locale = customer.terms.on(form.cleaned_data["as_of"]).locale
    return file_response(pdf_of(content, locale=locale), name=name, content_type="application/pdf")


def _content(form: StatementForm, account: str) -> tuple[StatementContent, dict[str, str], str]:
    """Return the content, the customer's accounts by key, and the key of the one shown."""
    data = form.cleaned_data
    customer: Customer = data["customer"]
    names = company_names()
    found = accounts_of(customer) or [(customer.currency, 0)]
    keys = {f"{currency}-{company}": (currency, company) for currency, company in found}
    chosen = account if account in keys else next(iter(keys))
    currency, company = keys[chosen]
    content = content_of(
        statement(
            customer,
            first=data["first"],
            last=data["as_of"],
            currency=currency,
            company=Company.objects.get(pk=company) if company else None,
            question=Question(data["basis"]),
        )
    )
    several = len({company for _, company in found}) > 1
    words = {
        key: f"{currency}, {names[str(company)]}" if several else currency for key, (currency, company) in keys.items()
    }
    return content, words, chosen


page_at("receivables/statement/", statement_page, name="receivables_statement")
page_at("receivables/statement/pdf/", statement_pdf, name="receivables_statement_pdf")
in_menu("Receivables", 65, Item("Statements", "description", PAGE, *MAY_SEE))
