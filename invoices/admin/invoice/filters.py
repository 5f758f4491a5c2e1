"""Filters shared by finance's lists."""

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils.timezone import now
from unfold.contrib.filters.admin import DropdownFilter, RangeNumericFilter

from billing_engine.core.admin_kit.filters import DateFilter
from billing_engine.core.calendar.spans import labels_of
from billing_engine.core.money import LARGEST, MOST_PLACES
from invoices.domain.life.late_voids import periods_with_late_voids
from invoices.domain.month_close.bulk_action import HAS_CONTACTS
from invoices.domain.wording import month_in_words
from invoices.models import BillingCycle, Invoice, InvoiceDocument, InvoiceLine, InvoiceMail
from invoices.queries.tabs import TITLES, Tab, rows_of

MONTHS_OFFERED = 36
LEAST = Decimal(1).scaleb(-MOST_PLACES)


class MonthFilter(DropdownFilter):
    """The invoice's month."""

    title = "month"
    parameter_name = "month"
    path = "period__label"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        months = BillingCycle.objects.order_by("-label").values_list("label", flat=True)
        labels = dict.fromkeys([*months[:MONTHS_OFFERED], *filter(None, [self.value()])])
        return [(label, month_in_words(label)) for label in labels]

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


class DueOn(DateFilter):
    """The due date in the customer's time zone."""

    title = "due date"
    parameter_name = "due"
    at = "due_on"


class TabFilter(DropdownFilter):
    """The tab of the list: how far the invoice is, and whether it is past due or paid."""

    title = "tab"
    parameter_name = "tab"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(tab.value, TITLES[tab]) for tab in Tab]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Invoice]) -> QuerySet[Invoice]:
        if self.value() not in Tab.__members__.values():
            return queryset
        return queryset.filter(rows_of(Tab(str(self.value())), at=now()))


class TotalFilter(RangeNumericFilter):
    """The total with tax, between two amounts, both included."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Invoice]) -> QuerySet[Invoice]:
        for lookup, end in (("gte", "from"), ("lte", "to")):
            if given := self.used_parameters.get(f"{self.parameter_name}_{end}"):
                queryset = queryset.filter(**{f"total__{lookup}": _amount(str(given))})
        return queryset


def _amount(text: str) -> Decimal:
    try:
        amount = Decimal(text.strip())
    except InvalidOperation as error:
        raise IncorrectLookupParameters(text) from error
    if not amount.is_finite() or amount.copy_abs() >= LARGEST:
        raise IncorrectLookupParameters(text)
    return amount.quantize(LEAST, rounding=ROUND_HALF_UP)


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
