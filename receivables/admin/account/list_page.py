"""Customers' accounts: what each owes now, found by name, company, currency or by what is overdue; each figure opens its rows."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.timezone import now
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from billing_engine.core.access.pages import needs
from billing_engine.core.admin_kit.cells import address_of
from billing_engine.core.admin_kit.menu import Item, in_menu, page_at
from billing_engine.core.calendar.instants import day
from billing_engine.core.money import in_words
from billing_engine.core.tables.download import table_response
from billing_engine.core.tables.formats import FORMATS
from billing_engine.core.tables.table import Cell, Column, Kind, Notes, Table
from leads.models import Customer
from receivables.admin.account.page import ITEMS, MAY_SEE
from receivables.admin.account.page import PAGE as ACCOUNT
from receivables.admin.ageing.table import Figure, Row
from receivables.admin.asked import company_names
from receivables.domain.ledger.open_items import Scope
from receivables.models import LedgerDocument
from receivables.queries.accounts import (
    AccountRow,
    Asked,
    Order,
    Show,
    Sums,
    accounts,
    currencies,
    last_payments,
    oldest_overdue,
    total_of,
)
from receivables.queries.ageing import OUTSTANDING, OVERDUE, Bucket

PAGE, FILE = "admin:receivables_accounts", "admin:receivables_accounts_file"
ROWS = 50
FILES = ("csv", "xlsx")
SHOWS = ((Show.ALL, "All"), (Show.OPEN, "With something open"), (Show.OVERDUE, "Overdue"))
ORDERS = ((Order.NAME, "Customer"), (Order.OVERDUE, "Most overdue"), (Order.OPEN, "Most open"))
HEADS = ("Open", "To pay", "Overdue", "Oldest overdue", "Unapplied credit", "Last payment")
MEANS = (
    "Everything dated up to today in each customer’s time zone. To pay: open without what is disputed. Overdue: due before"
    " today. Unapplied credit: payments and credit that are not matched; it lowers no other figure."
)


class AccountsForm(forms.Form):
    """Which accounts are listed."""

    def __init__(self, asked: Mapping[str, str]) -> None:
        found = currencies()
        super().__init__({"currency": found[0] if found else "", "show": Show.ALL, "order": Order.NAME, **asked})
        self.fields["q"] = forms.CharField(
            label="Customer", required=False, widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "Name or code"})
        )
        self._choice("currency", "Currency", [(each, each) for each in found] or [("", "None yet")])
        self._choice("show", "Show", SHOWS)
        self._choice("order", "Order", ORDERS)
        companies = company_names()
        if len(companies) > 1:
            self._choice("company", "Company", [("", "All companies"), *companies.items()])

    def _choice(self, name: str, label: str, choices: Any) -> None:
        field = forms.ChoiceField(label=label, choices=choices, required=False, widget=UnfoldAdminSelectWidget)
        self.fields[name] = field

    def asked(self, at: datetime) -> Asked:
        """Return what a valid form asks for."""
        data, customers = self.cleaned_data, None
        if words := data["q"].strip():
            found = Customer.objects.filter(Q(name__icontains=words) | Q(code__istartswith=words))
            customers = list(found.values_list("pk", flat=True))
        company = data.get("company", "")
        scope = Scope(customers, data["currency"], int(company) if company else None)
        return Asked(at, scope, Show(data["show"] or Show.ALL), Order(data["order"] or Order.NAME))

    @property
    def address(self) -> dict[str, str]:
        """What the address of another page of the same accounts has."""
        return {name: value for name, value in self.cleaned_data.items() if value}


@needs(*MAY_SEE)
def accounts_page(request: HttpRequest) -> HttpResponse:
    """Show a page of accounts, and the sums of all that are asked for."""
    form = AccountsForm({name: value for name, value in request.GET.dict().items() if value})
    page: dict[str, Any] = {**admin.site.each_context(request), "title": "Customer accounts", "form": form}
    if form.is_valid():
        page |= _answer(form, request.GET.get("after", ""))
    return TemplateResponse(request, "receivables/accounts.html", page)


def _answer(form: AccountsForm, after: str) -> dict[str, Any]:
    asked, address = form.asked(now()), form.address
    last = int(after) if after.isdecimal() and len(after) < 19 else None
    found = accounts(asked, after=last, most=ROWS + 1)
    rows, (count, sums) = found[:ROWS], total_of(asked)
    dues, payments = oldest_overdue(asked, rows), last_payments(asked, rows)
    return {
        "means": MEANS,
        "heads": HEADS,
        "count": count,
        "rows": [_row(row, asked, dues, payments) for row in rows],
        "total": _amounts(sums, asked.scope.currency),
        "currency": asked.scope.currency,
        "before": f"{reverse(PAGE)}?{urlencode(address)}" if last else "",
        "after": f"{reverse(PAGE)}?{urlencode(address | {'after': str(rows[-1].customer)})}"
        if len(found) > ROWS
        else "",
        "files": [(FORMATS[each].title, f"{reverse(FILE)}?{urlencode({**address, 'format': each})}") for each in FILES],
    }


def _row(row: AccountRow, asked: Asked, dues: Mapping[int, date], payments: Mapping[int, LedgerDocument]) -> Row:
    sums, currency = row.sums, asked.scope.currency
    account = reverse(ACCOUNT, args=[row.customer])

    def items(bucket: str) -> str:
        company = {} if asked.scope.company is None else {"company": asked.scope.company}
        of: dict[str, Any] = {
            "as_of": row.today,
            "currency": currency,
            "customer": row.customer,
            "bucket": bucket,
            **company,
        }
        return f"{reverse(ITEMS)}?{urlencode(of)}"

    def figure(title: str, words: str, address: str, *, tone: str = "", is_any: object = True) -> Figure:
        return Figure(title, words, address if is_any else "", tone if is_any else "glance-zero")

    def amount(title: str, of: Decimal, address: str, tone: str = "") -> Figure:
        return figure(title, in_words(of, currency), address, tone=tone, is_any=of)

    due, payment = dues.get(row.customer), payments.get(row.customer)
    paid_on = payment.posted_on if payment else None
    figures = (
        amount("Open", sums.open, items(OUTSTANDING)),
        amount("To pay", sums.to_pay, items(OUTSTANDING) if sums.to_pay == sums.open else account, "ageing-sum"),
        amount("Overdue", sums.overdue, items(OVERDUE), "ageing-old"),
        figure("Oldest overdue", day(due), items(OVERDUE), is_any=due),
        amount("Unapplied credit", sums.unapplied, items(Bucket.UNAPPLIED)),
        figure("Last payment", day(paid_on), address_of(payment) if payment else "", is_any=payment),
    )
    return Row(row.name, row.code, account, "", figures)


def _amounts(sums: Sums, currency: str) -> list[str]:
    found = [in_words(each, currency) for each in (sums.open, sums.to_pay, sums.overdue)]
    return [*found, "", in_words(sums.unapplied, currency)]


@needs(*MAY_SEE)
def accounts_file(request: HttpRequest) -> HttpResponseBase:
    """Every account that is asked for as a file."""
    form = AccountsForm({name: value for name, value in request.GET.dict().items() if value})
    if not form.is_valid():
        words = " ".join(str(word) for words in form.errors.values() for word in words)
        return HttpResponseBadRequest(words, content_type="text/plain; charset=utf-8")
    if (name := request.GET.get("format", "csv")) not in FILES:
        raise Http404
    return table_response(table_of(form.asked(now())), FORMATS[name])


def table_of(asked: Asked) -> Table:
    """Return the accounts with the figures of the page."""
    kinds = {"Oldest overdue": Kind.DATE, "Last payment": Kind.DATE}
    return Table(
        name=f"accounts-{asked.scope.currency.lower()}-{asked.at:%Y-%m-%d}",
        title=f"Customer accounts, {asked.scope.currency}",
        columns=[
            *(Column(name) for name in ("Currency", "Customer code", "Customer")),
            *(Column(head, kinds.get(head, Kind.DECIMAL)) for head in HEADS),
        ],
        rows=_cells(asked),
        notes=Notes(question=MEANS, made_at=asked.at),
    )


def _cells(asked: Asked) -> Iterator[list[Cell]]:
    rows = accounts(asked)
    for place in range(0, len(rows), 1_000):
        some = rows[place : place + 1_000]
        dues, payments = oldest_overdue(asked, some), last_payments(asked, some)
        for row in some:
            payment, sums = payments.get(row.customer), row.sums
            yield [
                *(asked.scope.currency, row.code, row.name, sums.open, sums.to_pay, sums.overdue),
                *(dues.get(row.customer), sums.unapplied, payment.posted_on if payment else None),
            ]


page_at("receivables/accounts/", accounts_page, name="receivables_accounts")
page_at("receivables/accounts/file/", accounts_file, name="receivables_accounts_file")
in_menu("Receivables", 25, Item("Customer accounts", "folder_shared", PAGE, *MAY_SEE))
