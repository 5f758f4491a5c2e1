"""The statements of a month: who would get one, with what closing balance, who is left out and why; then the button."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.timezone import now
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldBooleanSwitchWidget

from billing_engine.core.access.pages import needs
from billing_engine.core.admin_kit.cells import link
from billing_engine.core.admin_kit.dialogs import person
from billing_engine.core.admin_kit.menu import page_at
from billing_engine.core.calendar.spans import Month
from billing_engine.core.calendar.wording import named_in_words
from billing_engine.core.errors import Refused
from billing_engine.core.money import in_words
from receivables.admin.asked import company_names
from receivables.admin.statements.mail_admin import ADD, BULK
from receivables.domain.statements.plan import Candidate, plan
from receivables.domain.statements.requesting import request_month

MONTHS, MOST_ROWS = 12, 200


class MonthForm(forms.Form):
    """Which month, of which company, and whether also of quiet accounts."""

    month = forms.ChoiceField(widget=UnfoldAdminSelectWidget)
    company = forms.ChoiceField(required=False, widget=UnfoldAdminSelectWidget)
    also_quiet = forms.BooleanField(
        label="Also accounts without movement and with nothing open", required=False, widget=UnfoldBooleanSwitchWidget
    )

    def __init__(self, data: Any) -> None:
        month, months = Month.of_day((now() - timedelta(days=1)).date()).next(), list[tuple[str, str]]()
        for _ in range(MONTHS):
            month = month.previous()
            if month.last < now().date() + timedelta(days=1):
                months.append((str(month), named_in_words(month.first, month.last)))
        companies = [("", "All companies"), *company_names().items()]
        super().__init__({"month": months[0][0]} | data.dict())
        self.fields["month"].choices = months  # type: ignore[attr-defined]  # a ChoiceField
        self.fields["company"].choices = companies  # type: ignore[attr-defined]  # as above
        if len(companies) == 2:
            self.fields["company"].widget = forms.HiddenInput()

    def asked(self) -> dict[str, Any]:
        """Return what it asks for."""
        data = self.cleaned_data
        month = Month.parse(data["month"])
        assert isinstance(month, Month)  # noqa: S101 -- tells mypy
        company = int(data["company"]) if data["company"] else None
        return {"month": month, "company": company, "also_quiet": data["also_quiet"]}


@dataclass
class Counted:
    """The dry run: its first rows, and what all of them add up to."""

    shown: list[tuple[Any, str, str]] = field(default_factory=list)
    left_out: list[tuple[Any, str, str]] = field(default_factory=list)
    count: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    sums: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))

    def totals(self) -> str:
        """Return the closing balances, by currency."""
        return ", ".join(in_words(amount, currency) for currency, amount in sorted(self.sums.items()))


def counted(candidates: Iterable[Candidate], *, names: dict[str, str]) -> Counted:
    """Go through the plan, and hold only the first rows."""
    found, several = Counted(), len(names) > 1
    for each in candidates:
        if each.why_not:
            found.reasons[each.why_not] += 1
            rows, last = found.left_out, each.why_not
        else:
            found.count += 1
            found.sums[each.currency] += each.closing
            rows, last = found.shown, named_in_words(each.first, each.last)
        if len(rows) < MOST_ROWS:
            name = f", {names[str(each.company)]}" if several else ""
            rows.append(
                (link(each.customer, f"{each.customer.name}{name}"), in_words(each.closing, each.currency), last)
            )
    return found


@needs("receivables.view_statementmail", "receivables.view_ledgerdocument", "leads.view_customer")
def bulk_page(request: HttpRequest) -> HttpResponse:
    """Show the dry run; send by POST."""
    form = MonthForm(request.POST if request.method == "POST" else request.GET)
    if request.method == "POST" and form.is_valid():
        return _sent(request, form)
    found = counted(plan(**form.asked(), at=now()), names=company_names()) if form.is_valid() else Counted()
    context: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": "Statements of a month",
        "form": form,
        "found": found,
        "more": found.count - len(found.shown),
        "left_out": found.reasons.total(),
        "more_left_out": found.reasons.total() - len(found.left_out),
        "reasons": found.reasons.most_common(),
        "may_send": request.user.has_perm(ADD) and found.count,
        "back": reverse("admin:receivables_statementmail_changelist"),
    }
    return render(request, "receivables/statements_bulk.html", context)


def _sent(request: HttpRequest, form: MonthForm) -> HttpResponse:
    if not request.user.has_perm(ADD):
        raise PermissionDenied
    try:
        count = request_month(**form.asked(), by=person(request), at=now())
    except Refused as refusal:
        messages.error(request, str(refusal))
        return HttpResponseRedirect(reverse(BULK))
    messages.success(request, f"{count:,} requested. The workers make the PDFs and send them.")
    return HttpResponseRedirect(reverse("admin:receivables_statementmail_changelist"))


page_at("receivables/statements/month/", bulk_page, name="receivables_statements_bulk")
