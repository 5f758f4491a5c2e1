"""The trial balance: every account in a month or up to a day, by currency."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.timezone import now

from billing_engine.core.access.pages import needs
from billing_engine.core.admin_kit.fields import day_field
from billing_engine.core.admin_kit.menu import Item, in_menu, page_at
from billing_engine.core.calendar.edges import FIRST_DAY, today_somewhere
from billing_engine.core.calendar.spans import Month
from billing_engine.core.calendar.wording import day_in_words
from billing_engine.core.money import ZERO, in_words
from receivables.admin.ageing.page import MAY_SEE
from receivables.admin.asked import MEANS, Asked, AskedForm, asked_by
from receivables.models import Posting
from receivables.queries.ageing import ageing
from receivables.queries.trial_balance import AccountSums, TrialBalance, trial_balance

PAGE = "admin:receivables_trial_balance"
MONTHS = 6


@dataclass(frozen=True, slots=True)
class Row:
    """One account, formatted."""

    name: str
    opening: str
    debit: str
    credit: str
    closing: str


@dataclass(frozen=True, slots=True)
class Card:
    """One currency's accounts, and whether its open items agree with the receivable account."""

    currency: str
    rows: list[Row]
    total: Row
    balances: bool
    open_items: str
    agrees: bool
    ageing: str


class TrialBalanceForm(AskedForm):
    """A day with its basis, and the first day of the movements."""

    def __init__(self, asked: dict[str, str]) -> None:
        super().__init__(asked)
        today = today_somewhere(now())
        since: forms.DateField = day_field("Movements from", latest=today, required=False)
        del self.fields["q"]
        self.fields["since"] = since
        self.order_fields(["since", "as_of", "basis", "company"])
        if not asked.get("since"):
            self.data = {**self.data, "since": str(_first_of_the_month(asked.get("as_of", ""), now().date()))}

    def clean(self) -> dict[str, Any]:
        """Refuse movements that begin after the day."""
        since, day = self.cleaned_data.get("since"), self.cleaned_data.get("as_of")
        if since and day and since > day:
            self.add_error("since", f"Choose a day up to {day_in_words(day)}.")
        self.cleaned_data["q"] = ""
        return self.cleaned_data


@needs(MAY_SEE)
def trial_balance_page(request: HttpRequest) -> HttpResponse:
    """Show every account: before the first day, what moved it, and at the end of the day."""
    form = TrialBalanceForm(request.GET.dict())
    asked = asked_by(form)
    page: dict[str, Any] = {**admin.site.each_context(request), "title": "Trial balance", "form": form}
    if asked:
        basis, since = asked.basis, form.cleaned_data["since"] or FIRST_DAY
        found = trial_balance(basis, asked.scope, since=since)
        open_sums = {each.currency: each.sums.balance for each in ageing(basis, asked.scope, most=0).totals}
        page |= {
            "basis": basis.in_words(),
            "means": MEANS[basis.question],
            "since": day_in_words(since),
            "day": day_in_words(basis.day),
            "cards": [
                _card(
                    each,
                    open_sums.get(each.currency, ZERO),
                    asked.link(reverse("admin:receivables_ageing"), currency=each.currency),
                )
                for each in found
            ],
            "months": _months(asked, now().date()),
        }
    return TemplateResponse(request, "receivables/trial_balance.html", page)


def _card(balance: TrialBalance, open_sum: Decimal, address: str) -> Card:
    currency = balance.currency
    receivable = next((each.closing for each in balance.accounts if each.account == Posting.Account.RECEIVABLE), ZERO)
    return Card(
        currency,
        [_row(each, currency) for each in sorted(balance.accounts, key=_place)],
        _row(balance.total, currency),
        balance.balances,
        in_words(open_sum, currency),
        open_sum == receivable,
        address,
    )


def _place(sums: AccountSums) -> tuple[int, str]:
    return list(Posting.Account.values).index(sums.account), sums.tax


def _row(sums: AccountSums, currency: str) -> Row:
    name = str(Posting.Account(sums.account).label) if sums.account else "Total"
    amounts = (sums.opening, sums.debit, sums.credit, sums.closing)
    return Row(f"{name}: {sums.tax}" if sums.tax else name, *(in_words(each, currency) for each in amounts))


def _months(asked: Asked, today: date) -> list[tuple[str, str]]:
    """Return the last months with the addresses of their trial balances, the latest first."""
    month, found = Month.of_day(today), list[tuple[str, str]]()
    for _ in range(MONTHS):
        day = min(month.last, today)
        found.append((f"{month.first:%b %Y}", asked.link(reverse(PAGE), since=month.first, as_of=day)))
        month = month.previous()
    return found


def _first_of_the_month(asked: str, today: date) -> date:
    try:
        return date.fromisoformat(asked).replace(day=1)
    except ValueError:
        return today.replace(day=1)


page_at("receivables/trial-balance/", trial_balance_page, name="receivables_trial_balance")
in_menu("Receivables", 23, Item("Trial balance", "balance", PAGE, MAY_SEE))
