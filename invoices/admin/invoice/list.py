"""The list of invoices: its columns, filters and totals."""

from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.db.models import Count, F, Sum
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import now
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter

from billing_engine.core import money
from billing_engine.core.admin_kit.cells import chip, day, instant, link, total
from billing_engine.core.admin_kit.columns import column
from billing_engine.core.admin_kit.filters import CurrencyFilter
from billing_engine.core.admin_kit.pages import ReadOnlyPage
from billing_engine.core.calendar.wording import count_of_days
from invoices.admin.invoice.filters import (
    CutByBudgetFilter,
    DocumentFilter,
    DueOn,
    IssuedOn,
    MonthFilter,
    SentFilter,
    TabFilter,
    ToBeCreditedFilter,
    TotalFilter,
)
from invoices.admin.invoice.page import colour_of
from invoices.admin.invoice.tabs import tabs_of
from invoices.domain.life.review_flags import flags_of
from invoices.domain.lines.books import books
from invoices.models import Invoice
from invoices.queries.standing import standing_of
from invoices.queries.tabs import Tab

State = Invoice.State
LEFT = "left"
NOT_YET = ("shown_issued", "shown_due", "shown_sent", "shown_left")
EMPTY_IN: dict[str, tuple[str, ...]] = {
    Tab.DRAFT: NOT_YET,
    Tab.TO_APPROVE: NOT_YET,
    Tab.APPROVED: NOT_YET,
    Tab.ISSUED: ("shown_flags",),
    Tab.OVERDUE: ("shown_flags",),
    Tab.PAID: ("shown_flags", "shown_left"),
    Tab.VOID: ("shown_flags", "shown_left"),
}


def left_of(invoice: Invoice) -> Decimal | None:
    """Return what an issued invoice has left, as the list has loaded it; None for any other."""
    found: Decimal | None = invoice.__dict__.get(LEFT)
    return found


class InvoiceList(ReadOnlyPage[Invoice]):
    """Invoices that are not issued yet, then the latest number first."""

    list_display = (
        "shown_number",
        "shown_customer",
        "shown_month",
        "shown_total",
        "shown_left",
        "shown_state",
        "shown_issued",
        "shown_due",
        "shown_sent",
        "shown_flags",
    )
    list_display_links = ("shown_number",)
    list_filter = (
        TabFilter,
        ("state", ChoicesDropdownFilter),
        MonthFilter,
        ("customer", AutocompleteSelectFilter),
        CurrencyFilter,
        IssuedOn,
        DueOn,
        ("total", TotalFilter),
        SentFilter,
        ToBeCreditedFilter,
        CutByBudgetFilter,
        DocumentFilter,
    )
    list_before_template = "invoices/totals.html"
    nothing_yet = "There are no invoices yet. A billing run drafts them when a billing period has ended."
    related = ("customer", "period__customer")
    search_fields = ("number__icontains", "customer__name", "customer__code__istartswith")
    search_help_text = "Invoice number, customer's name or code"
    ordering: Any = (F("issued_at").desc(nulls_first=True), "-number", "-pk")

    shown_number = column(str, title="invoice", order="number")
    shown_month = column(str, "period.in_words", title="month", order="period__label")
    shown_total = column(total, "total", "currency", lambda row: row.state == State.VOID, title="total", order="total")
    shown_left = column(total, left_of, "currency", title="outstanding")
    shown_issued = column(day, "issued_on", title="issued", order="issued_on")
    shown_sent = column(instant, "sent_at", "customer.zone", title="sent", order="sent_at")

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        """Leave out the columns that are empty for the chosen state."""
        empty = EMPTY_IN.get(request.GET.get("tab", "") or request.GET.get("state__exact", ""), ())
        return tuple(name for name in self.list_display if name not in empty)

    @admin.display(description="customer", ordering="customer__name")
    def shown_customer(self, invoice: Invoice) -> SafeString | str:
        return format_html('{}<small class="lb-quiet">{}</small>', link(invoice.customer), invoice.customer.code)

    @admin.display(description="state", ordering="state")
    def shown_state(self, invoice: Invoice) -> SafeString:
        standing = standing_of(invoice, left_of(invoice), today=invoice.customer.day_of(now()))
        return chip(standing, colour_of(invoice, standing))

    @admin.display(description="due", ordering="due_on")
    def shown_due(self, invoice: Invoice) -> SafeString | str:
        due = None if invoice.state == State.VOID else invoice.due_on
        if due is None or not left_of(invoice):
            return day(due)
        ago = (invoice.customer.day_of(now()) - due).days
        when = f"{count_of_days(ago)} ago" if ago > 0 else f"in {count_of_days(-ago)}" if ago else "today"
        return format_html('{}<small class="invoice-when{}">{}</small>', day(due), " invoice-overdue" * (ago > 0), when)

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Add the totals and the tabs of all pages."""
        changes = super().get_changelist_instance(request)
        changes.totals, changes.tabs = totals_of(changes), tabs_of(request, {})
        return changes

    def prepare(self, rows: list[Invoice]) -> None:
        """Add the flags and what is left of all rows at once."""
        flags, left = flags_of(rows), books().left_of([row.pk for row in rows if row.state == State.ISSUED])
        for row in rows:
            row.__dict__["flags"] = flags.get(row.pk, [])
            row.__dict__[LEFT] = max(left[row.pk], money.ZERO) if row.pk in left else None

    @admin.display(description="flags")
    def shown_flags(self, invoice: Invoice) -> SafeString | str:
        flags = invoice.__dict__.get("flags", [])
        shown = ((flag.message, flag.message if flag.needs_review else "First invoice") for flag in flags)
        return format_html_join("", '<span class="invoice-flag" title="{}">{}</span>', shown)


def totals_of(changes: Any) -> list[dict[str, Any]]:
    """Return the totals of the listed invoices by currency, without void ones; empty if the list is too long to count."""
    if changes.result_count.has_more:
        return []
    live = changes.queryset.exclude(state=State.VOID).order_by().values("currency")
    rows = live.annotate(invoices=Count("pk"), total=Sum("total")).order_by("currency")
    return [{**row, "total": money.in_words(row["total"], row["currency"])} for row in rows]
