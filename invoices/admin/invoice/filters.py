"""Filters shared by finance's lists."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Exists, Max, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils.timezone import now
from unfold.contrib.filters.admin import DropdownFilter

from billing_engine.core.admin_kit.filters import DateFilter
from billing_engine.core.calendar.spans import labels_of
from invoices.domain.life.late_voids import periods_with_late_voids
from invoices.domain.month_close.bulk_action import HAS_CONTACTS
from invoices.domain.wording import month_in_words
from invoices.models import Invoice, InvoiceDocument, InvoiceLine, InvoiceMail
from leads.models import Customer

MONTHS_OFFERED = 36


class MonthFilter(DropdownFilter):
    """The invoice's month."""

    title = "month"
    parameter_name = "month"
    path = "period__label"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        labels = Invoice.objects.values_list("period__label", flat=True).annotate(latest=Max("period__end_at"))
        latest = labels.order_by("-latest", "period__label").values_list("period__label", flat=True)
        return [(label, month_in_words(label)) for label in latest[:MONTHS_OFFERED]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Invoice]) -> QuerySet[Invoice]:
        return queryset.filter(**{f"{self.path}__in": labels_of(value)}) if (value := self.value()) else queryset


class MailMonthFilter(MonthFilter):
    """The month of an email's invoice."""

    path = "invoice__period__label"


class SentFilter(DropdownFilter):
    """Whether an issued invoice was sent, or why not."""

    title = "sent"
    parameter_name = "sent"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("no", "Not sent"),
            ("failed", "Failed for some or all"),
            ("no_contacts", "Not sent: no billing contacts"),
            ("on_the_way", "On its way"),
            ("yes", "Sent"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Invoice]) -> QuerySet[Invoice]:
        issued = queryset.filter(state=Invoice.State.ISSUED)
        waiting = Exists(InvoiceMail.objects.waiting().filter(invoice=OuterRef("pk")))
        turn = Exists(InvoiceMail.objects.needing_attention().filter(invoice=OuterRef("pk")))
        found = {
            "no": issued.filter(sent_at=None),
            "failed": issued.filter(turn),
            "no_contacts": issued.filter(~HAS_CONTACTS, sent_at=None),
            "on_the_way": issued.filter(waiting),
            "yes": issued.exclude(sent_at=None),
        }
        return found.get(self.value() or "", queryset)


class DocumentFilter(DropdownFilter):
    """The state of an invoice's PDFs."""

    title = "PDF"
    parameter_name = "document"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(state.value, state.label) for state in InvoiceDocument.State]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Invoice]) -> QuerySet[Invoice]:
        such = InvoiceDocument.objects.filter(invoice=OuterRef("pk"), state=self.value() or "")
        return queryset.filter(Exists(such)) if self.value() else queryset


class NeedsAttentionFilter(DropdownFilter):
    """Emails that need attention: the latest of their invoice, and not accepted for every address."""

    title = "needs attention"
    parameter_name = "attention"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Needs attention")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[InvoiceMail]) -> QuerySet[InvoiceMail]:
        turn = InvoiceMail.objects.needing_attention()
        return queryset.filter(pk__in=turn.values("pk")) if self.value() else queryset


class IssuedOn(DateFilter):
    """The issue date in the customer's time zone."""

    title = "issue date"
    parameter_name = "issued"
    at = "issued_on"


class LineIssuedOn(DateFilter):
    """The issue date of a line's invoice."""

    title = "issue date"
    parameter_name = "issued"
    at = "invoice__issued_on"


class DueFilter(DropdownFilter):
    """Whether the due date has passed in the customer's time zone."""

    title = "due"
    parameter_name = "due"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("overdue", "Overdue"), ("later", "Not due yet")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Invoice]) -> QuerySet[Invoice]:
        if self.value() not in ("overdue", "later"):
            return queryset
        zones = Customer.objects.order_by().values_list("time_zone", flat=True).distinct()
        passed = overdue_at(now(), zones)
        return queryset.filter(state=Invoice.State.ISSUED).filter(passed if self.value() == "overdue" else ~passed)


def overdue_at(at: datetime, zones: Iterable[str]) -> Q:
    """Match invoices whose due date has passed in their customer's time zone."""
    alike: dict[date, list[str]] = {}
    for name in zones:
        alike.setdefault(at.astimezone(ZoneInfo(name)).date(), []).append(name)
    overdue = Q(pk__in=[])
    for today, names in alike.items():
        overdue |= Q(due_on__lt=today, customer__time_zone__in=names)
    return overdue


class ToBeCreditedFilter(DropdownFilter):
    """Issued invoices with charges to be credited."""

    title = "to be credited"
    parameter_name = "to_be_credited"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("1", "Actions voided after it was issued")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Invoice]) -> QuerySet[Invoice]:
        if not self.value():
            return queryset
        return queryset.filter(state=Invoice.State.ISSUED, period__in=periods_with_late_voids())


class CutByBudgetFilter(DropdownFilter):
    """Invoices that were cut by a hard budget."""

    title = "cut by a budget"
    parameter_name = "cut_by_budget"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("1", "Cut by a hard monthly budget")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Invoice]) -> QuerySet[Invoice]:
        if not self.value():
            return queryset
        cut = InvoiceLine.objects.filter(invoice=OuterRef("pk"), cut_by_budget__gt=0)
        return queryset.filter(Exists(cut)).exclude(state=Invoice.State.VOID)
