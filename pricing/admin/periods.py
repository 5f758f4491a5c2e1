"""Admin pages of billing periods, with the results of the last rating. They are here because the tally is."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter, DropdownFilter

from billing_engine.core.admin_kit.cells import (
    NOTHING,
    amount,
    chip,
    instant,
    link,
    link_to,
    list_of,
    number,
    together,
    total,
)
from billing_engine.core.admin_kit.columns import column
from billing_engine.core.admin_kit.dialogs import Dialog, Done, button, person
from billing_engine.core.admin_kit.pages import ReadOnlyPage
from billing_engine.core.calendar.spans import labels_of
from leads.domain.cycles import latest_labels
from leads.models import BillingPeriod, UnratedMark
from pricing.admin.unpriceable import in_words
from pricing.domain.rate.attempts import retry
from pricing.models import PeriodTally, RatingAttempts
from pricing.models.attempts import TRIES

LABELS_SHOWN = 36
NOT_RATED = amount(NOTHING)


class ByCycle(DropdownFilter):
    """The existing cycles, latest first."""

    title = "cycle"
    parameter_name = "cycle"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(label, label) for label, _ in latest_labels()[:LABELS_SHOWN]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[BillingPeriod]) -> QuerySet[BillingPeriod]:
        return queryset.filter(label__in=labels_of(value)) if (value := self.value()) else queryset


class ByRating(DropdownFilter):
    """Periods that three attempts could not rate."""

    title = "rating"
    parameter_name = "rating"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("given_up", "Can't be rated")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[BillingPeriod]) -> QuerySet[BillingPeriod]:
        return queryset.filter(rating_attempts__attempts__gte=TRIES) if self.value() == "given_up" else queryset


def sum_in_words(tally: PeriodTally) -> str:
    """The tally's equation in words."""
    return f"{tally.actions:,} actions = {tally.charged:,} charged + {tally.excluded:,} excluded + {tally.unrated:,} unrated"


@admin.register(BillingPeriod)
class BillingPeriodAdmin(ReadOnlyPage[BillingPeriod]):
    nothing_yet = "There are no billing periods yet. The first action of a customer opens one."
    list_display = (
        "label",
        "shown_customer",
        "state_chip",
        "tally_actions",
        "tally_charged",
        "tally_excluded",
        "tally_unrated",
        "tally_amount",
        "rated",
    )
    list_filter = (ByCycle, ByRating, ("state", ChoicesDropdownFilter), ("customer", AutocompleteSelectFilter))
    search_fields = ("customer__code__istartswith", "customer__name", "label__startswith")
    search_help_text = "Customer or cycle"
    related = ("customer", "tally")
    ordering = ("-start_at", "customer__name")
    fieldsets = (
        (None, {"fields": (("shown_customer", "label"), ("start", "end"), ("state_chip", "closed"))}),
        ("Actions and charges", {"fields": ("adds_up", ("tally_amount", "rated"), "waits")}),
        ("Related pages", {"fields": ("see",)}),
    )

    actions_detail = ("retry",)

    shown_customer = column(link, "customer", title="customer", order="customer__name")
    start = column(instant, "start_at", "customer.zone", title="from")
    end = column(instant, "end_at", "customer.zone", title="until (exclusive)")
    closed = column(instant, "closed_at", "customer.zone", title="closed")
    tally_actions = column(number, "tally.actions", title="actions", order="tally__actions", empty=NOT_RATED)
    tally_charged = column(number, "tally.charged", title="charged", order="tally__charged", empty=NOT_RATED)
    tally_excluded = column(number, "tally.excluded", title="excluded", order="tally__excluded", empty=NOT_RATED)
    tally_amount = column(total, "tally.amount", "customer.currency", title="amount", order="tally__amount")
    adds_up = column(sum_in_words, "tally", title="counts", empty="Not rated yet.")
    rated = column(instant, "tally.rated_at", "customer.zone", title="rated", order="tally__rated_at", empty="not yet")

    @admin.display(description="state", ordering="state")
    def state_chip(self, period: BillingPeriod) -> SafeString:
        if period.is_open and period.is_sealed:
            return chip("Open, month locked", "orange")
        return chip("Open", "blue") if period.is_open else chip("Closed", "green")

    @admin.display(description="unrated", ordering="tally__unrated")
    def tally_unrated(self, period: BillingPeriod) -> SafeString | str:
        tally = _tally(period)
        if tally is None or not tally.unrated:
            return _count(period, "unrated")
        address = list_of("pricing.unratedaction", period__id__exact=period.pk)
        return format_html('<a class="lb-number" href="{}">{}</a>', address, chip(f"{tally.unrated:,}", "orange"))

    @admin.display(description="waits")
    def waits(self, period: BillingPeriod) -> SafeString | str:
        if tried := _given_up(period):
            return format_html(
                "{} {}", chip(f"Can't be rated: {tried.attempts} attempts failed", "red"), in_words(tried)
            )
        waiting = UnratedMark.objects.filter(period=period).exists()
        return chip("Changed; waiting to be rated again", "orange") if waiting else "No changes since."

    @button(
        "Retry",
        permission="pricing.change_ratingattempts",
        icon="refresh",
        offered=lambda period: _given_up(period) is not None,
        asks=Dialog(
            title=lambda period: f"Rate {period} again?",
            says="The workers stopped after several failed attempts. They will try again and rate the whole billing period.",
        ),
    )
    def retry(self, request: HttpRequest, period: BillingPeriod, answers: dict[str, Any]) -> Done:
        retry(period, by=person(request))
        return Done("The workers will try again within seconds.")

    @admin.display(description="links")
    def see(self, period: BillingPeriod) -> SafeString:
        pages = (
            (list_of("leads.action", period__id__exact=period.pk), "Actions"),
            (list_of("pricing.charge", action__period__id__exact=period.pk), "Charges"),
            (list_of("pricing.unratedaction", period__id__exact=period.pk), "Unrated"),
            (list_of("invoices.invoice", period__id__exact=period.pk), "Invoice"),
        )
        links = together(link_to(address, text) for address, text in pages if address)
        return format_html('<span class="lb-row">{}</span>', links)


def _tally(period: BillingPeriod) -> PeriodTally | None:
    return getattr(period, "tally", None)


def _given_up(period: BillingPeriod) -> RatingAttempts | None:
    return RatingAttempts.objects.given_up().filter(period=period).first()


def _count(period: BillingPeriod, name: str) -> SafeString | str:
    tally = _tally(period)
    return number(getattr(tally, name)) if tally else amount(NOTHING)
