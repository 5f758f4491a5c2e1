"""Who would be reminded of what today, and the button that starts it."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.timezone import now

from billing_engine.core.access.pages import needs
from billing_engine.core.admin_kit.cells import address_of, link
from billing_engine.core.admin_kit.dialogs import person
from billing_engine.core.admin_kit.menu import page_at
from billing_engine.core.errors import Refused
from billing_engine.core.money import in_words
from receivables.admin.reminders.forms import SellerForm
from receivables.domain.reminders.owed import Owed
from receivables.domain.reminders.run import preview, start

PAGE = "admin:receivables_reminder_preview"
START = "receivables.add_reminderrun"
MOST_ROWS = 200


@dataclass(frozen=True, slots=True)
class Row:
    """A customer in the table."""

    customer: SafeString | str
    level: int
    invoices: str
    days: int
    total: str
    left_out: str


def row_of(owed: Owed) -> Row:
    """Return the row of one email."""
    aside = defaultdict[str, Decimal](Decimal)
    for item in owed.items:
        aside[item.document.currency] += item.disputed + item.credit
    left_out = [in_words(amount, currency) for currency, amount in aside.items() if amount]
    return Row(
        link(owed.customer, owed.customer.name),
        owed.level,
        ", ".join(item.document.reference for item in owed.items),
        max(item.days for item in owed.items),
        ", ".join(in_words(amount, currency) for currency, amount in owed.totals().items()),
        ", ".join(left_out),
    )


@needs("receivables.view_reminderrun")
def preview_page(request: HttpRequest) -> HttpResponse:
    """Show who would get what; start by POST."""
    asked = request.POST if request.method == "POST" else request.GET
    form = SellerForm(data=asked if "seller" in asked else {"seller": "0"})
    seller = form.cleaned_data["seller"] if form.is_valid() else None
    if request.method == "POST" and form.is_valid():
        return _started(request, seller)
    shown, totals, count = _counted(preview(seller, at=now()))
    context: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": "Preview of reminders",
        "form": form,
        "rows": [row_of(each) for each in shown],
        "more": count - len(shown),
        "totals": totals,
        "count": count,
        "may_start": request.user.has_perm(START) and count,
        "back": reverse("admin:receivables_reminderrun_changelist"),
    }
    return render(request, "receivables/reminder_preview.html", context)


def _started(request: HttpRequest, seller: Any) -> HttpResponse:
    if not request.user.has_perm(START):
        raise PermissionDenied
    try:
        run = start(seller, by=person(request), at=now())
    except Refused as refusal:
        messages.error(request, str(refusal))
        return HttpResponseRedirect(reverse(PAGE))
    messages.success(request, "Started. The workers send the emails.")
    return HttpResponseRedirect(address_of(run))


def _counted(found: Iterable[Owed]) -> tuple[list[Owed], str, int]:
    """Return the first emails, the totals and the number of all, holding only the first."""
    shown, sums, count = list[Owed](), defaultdict[str, Decimal](Decimal), 0
    for each in found:
        count += 1
        if len(shown) < MOST_ROWS:
            shown.append(each)
        for currency, amount in each.totals().items():
            sums[currency] += amount
    return shown, ", ".join(in_words(amount, currency) for currency, amount in sorted(sums.items())), count


page_at("receivables/reminders/preview/", preview_page, name="receivables_reminder_preview")
