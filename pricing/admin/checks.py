"""Admin pages of price checks and their results."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.timezone import now
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from billing_engine.core import money
from billing_engine.core.admin_kit.cells import amount, chip, chips, link, price, shortened
from billing_engine.core.admin_kit.columns import column
from billing_engine.core.admin_kit.dialogs import person
from billing_engine.core.admin_kit.faults import tell
from billing_engine.core.admin_kit.fields import WITHOUT_IDLE_ZEROS
from billing_engine.core.admin_kit.pages import Page
from leads.models import Channel
from pricing.domain.rule_book.checks import CheckResult, run_checks
from pricing.domain.rule_book.expectations import check_faults, remove_check, save_check
from pricing.models import PriceCheck


def shown_results(results: Sequence[CheckResult]) -> list[dict[str, Any]]:
    """Results for a page, failing checks first."""
    return [
        {
            "chip": result_chip(result),
            "name": link(result.check),
            "expected": amount(money.price_in_words(result.check.expected, result.check.customer.currency)),
            "found": "" if result.holds else f"would be {result.found}",
        }
        for result in sorted(results, key=lambda each: each.holds)
    ]


def result_chip(result: CheckResult) -> SafeString:
    return chip("Holds", "green") if result.holds else chip("Fails", "red")


class CheckForm(forms.ModelForm[PriceCheck]):
    """The form of a price check; errors are shown next to their fields."""

    class Meta:
        model = PriceCheck
        fields = (
            "name",
            "customer",
            "product",
            "action_type",
            "source",
            "channel",
            "quantity",
            "value",
            "expected",
            "occurs_on",
        )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        tell(self, check_faults(PriceCheck(**given)))
        return given


@admin.register(PriceCheck)
class PriceCheckAdmin(Page[PriceCheck]):
    form = CheckForm
    formfield_overrides = WITHOUT_IDLE_ZEROS
    list_display = ("shown_name", "shown_customer", "about", "shown_expected", "today", "shown_found")
    list_filter = tuple((name, AutocompleteSelectFilter) for name in ("customer", "action_type", "source"))
    related = ("customer", "product__customer", "action_type", "source")
    search_fields = ("name",)
    ordering = ("customer__name", "name")
    autocomplete_fields = ("customer", "product", "action_type", "source")
    fieldsets = (
        (
            "Action",
            {
                "fields": (
                    "name",
                    "customer",
                    "product",
                    "action_type",
                    "source",
                    "channel",
                    ("quantity", "value"),
                    "occurs_on",
                )
            },
        ),
        ("Expected price", {"fields": ("expected",)}),
    )

    shown_name = column(shortened, "name", title="name", order="name")
    shown_customer = column(link, "customer", title="customer", order="customer__name")
    shown_expected = column(price, "expected", "customer.currency", title="costs")
    today = column(result_chip, "result", title="today")
    shown_found = column(lambda result: "" if result.holds else f"is {result.found}", "result", title="")

    class Media:
        css = {"all": ["pricing/rules.css"]}

    def has_delete_permission(self, request: HttpRequest, obj: PriceCheck | None = None) -> bool:
        return request.user.has_perm("pricing.delete_pricecheck")

    def prepare(self, rows: list[Any]) -> None:
        """Run all of them in one pass against the current rules."""
        results = {result.check.pk: result for result in run_checks(rows, at=now())}
        for check in rows:
            check.result = results[check.pk]

    def save_model(self, request: HttpRequest, obj: PriceCheck, form: Any, change: bool) -> None:  # noqa: FBT001 -- Django's
        save_check(obj, by=person(request))

    def delete_model(self, request: HttpRequest, obj: PriceCheck) -> None:
        remove_check(obj, by=person(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[PriceCheck]) -> None:
        for check in queryset:
            remove_check(check, by=person(request))

    @admin.display(description="about")
    def about(self, check: PriceCheck) -> SafeString:
        channel = Channel(check.channel).label if check.channel else ""
        quantity = f"× {check.quantity.normalize():f}" if check.quantity != 1 else ""
        parts = (
            check.action_type,
            check.product and check.product.sku,
            check.source,
            channel,
            quantity,
            check.occurs_on,
        )
        return chips([str(part) for part in parts if part])
