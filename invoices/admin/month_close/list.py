"""The list of months to close: what each comes to, its next step, and how long ago it ended."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import now

from billing_engine.core.admin_kit.cells import NOTHING, Colour, amount, chip, number, together
from billing_engine.core.admin_kit.columns import column
from billing_engine.core.admin_kit.pages import ReadOnlyPage
from billing_engine.core.calendar.spans import Cycle
from invoices.domain.month_close.close_month import create_missing_months
from invoices.domain.wording import month_in_words
from invoices.models import BillingCycle
from invoices.queries.months import Overview, ended_in_words, overviews

State = BillingCycle.State
COLOURS: dict[str, Colour] = {State.OPEN: "blue", State.LOCKED: "orange", State.CLOSED: "green"}
OVERVIEW = "overview"


def month_of(cycle: BillingCycle) -> str:
    """Return the month's name, such as `October 2026`."""
    return month_in_words(cycle.label)


def next_in_words(overview: Overview) -> SafeString | str:
    """Return the next step of a month, its place among all of them, and what is left of it."""
    if overview.next is None:
        return chip("All done", "green")
    place, step = overview.next
    return format_html(
        '<b>{}</b> <span class="lb-quiet">{} of {}</span><small class="cycle-to-go">{}</small>',
        step.name,
        place,
        overview.steps,
        step.text,
    )


def totals(overview: Overview) -> SafeString:
    """Return the total with tax, each currency on its line."""
    return together(amount(total) for total in overview.totals or (NOTHING,))


def overview_of(cycle: BillingCycle) -> Overview:
    """Return what the list has loaded about the month."""
    found: Overview = cycle.__dict__[OVERVIEW]
    return found


class CycleList(ReadOnlyPage[BillingCycle]):
    """The months, the latest first."""

    list_display = ("shown_month", "state_chip", "shown_ended", "shown_next", "shown_invoices", "shown_total")
    list_display_links = ("shown_month",)
    search_fields = ("label__startswith",)
    search_help_text = "Month, such as 2026-10"
    ordering = ("-label",)
    list_per_page = 24

    shown_month = column(month_of, title="month", order="label")
    state_chip = column(
        lambda cycle: chip(cycle.get_state_display(), COLOURS[cycle.state]), title="state", order="state"
    )
    shown_ended = column(lambda cycle: ended_in_words(Cycle.parse(cycle.label), now().date()), title="ended")
    shown_next = column(next_in_words, overview_of, title="next step")
    shown_invoices = column(number, lambda cycle: overview_of(cycle).invoices, title="invoices")
    shown_total = column(totals, overview_of, title="total with tax")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        create_missing_months()
        response: HttpResponse = super().changelist_view(request, extra_context)
        return response

    def prepare(self, rows: list[BillingCycle]) -> None:
        """Load what the months come to at once."""
        found = overviews(rows)
        for row in rows:
            row.__dict__[OVERVIEW] = found[row.pk]
