"""The flags on a month's drafts, which the front page loads after it is shown: they compare drafts with their actions."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from billing_engine.core.access.pages import needs
from billing_engine.core.admin_kit.cells import page_of
from billing_engine.core.admin_kit.menu import page_at
from billing_engine.core.calendar.spans import Cycle
from billing_engine.core.money import in_words
from invoices.domain.life.review_flags import flags_of
from invoices.domain.wording import month_in_words
from invoices.models import Invoice

CHECKED_DRAFTS, FLAGS_SHOWN = 50, 6


@dataclass(frozen=True, slots=True)
class Flagged:
    """A draft that needs a look: why, and what it comes to."""

    customer: str
    address: str
    why: str
    total: str


@needs("invoices.view_invoice")
def flags_page(request: HttpRequest) -> HttpResponse:
    """Return the tile only; without a month, nothing."""
    try:
        month = Cycle.parse(request.GET.get("month", ""))
    except ValueError:
        return HttpResponse()
    flags, unchecked = flagged_drafts(month)
    page = {"flags": flags, "unchecked": unchecked, "month": month_in_words(str(month))}
    response = render(request, "reports/desk/flags.html", page)
    response["Cache-Control"] = "no-store"
    return response


def flagged_drafts(month: Cycle) -> tuple[list[Flagged], int]:
    """Return the flags of the month's largest drafts, and how many drafts were left unchecked."""
    drafts = Invoice.objects.filter(period__label__in=month.labels, state=Invoice.State.DRAFT)
    checked = list(drafts.select_related("period__customer").order_by("-total", "pk")[:CHECKED_DRAFTS])
    flags = flags_of(checked)
    found = [
        Flagged(
            draft.period.customer.name,
            page_of("invoices.invoice", draft.pk),
            flag.message,
            in_words(draft.total, draft.currency),
        )
        for draft in checked
        for flag in flags.get(draft.pk, ())
        if flag.needs_review
    ]
    return found[:FLAGS_SHOWN], max(0, drafts.count() - len(checked)) if len(checked) == CHECKED_DRAFTS else 0


page_at("reports/flags/", flags_page, name="reports_flags")
