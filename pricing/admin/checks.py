"""What prices are expected to be, and whether they are."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.timezone import now
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from billing_engine.core import money
from billing_engine.core.admin_kit.cells import amount, chip, chips, link, shortened
from billing_engine.core.admin_kit.dialogs import person
from billing_engine.core.admin_kit.faults import tell
from billing_engine.core.admin_kit.fields import WITHOUT_IDLE_ZEROS
from billing_engine.core.admin_kit.pages import Page
from leads.models import Channel
from pricing.domain.rule_book.checks import CheckResult, run_checks
from pricing.domain.rule_book.expectations import check_faults, remove_check, save_check
from pricing.models import PriceCheck


def shown_results(results: Sequence[CheckResult]) -> list[dict[str, Any]]:
    """Results for a page, what fails first."""
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
    """A price check; what contradicts itself is told beside the field."""

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


class CheckChangeList(ChangeList):
    """A page of checks, each held against the rules of this instant: one pass for all of them."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        results = {result.check.pk: result for result in run_checks(list(self.result_list), at=now())}
        for check in self.result_list:
            check.result = results[check.pk]


@admin.register(PriceCheck)
class PriceCheckAdmin(Page[PriceCheck]):
    form = CheckForm
    formfield_overrides = WITHOUT_IDLE_ZEROS
    list_display = ("shown_name", "shown_customer", "about", "shown_expected", "today", "shown_found")
    list_filter = tuple((name, AutocompleteSelectFilter) for name in ("customer", "action_type", "source"))
    list_select_related = ("customer", "product__customer", "action_type", "source")
    search_fields = ("name",)
    ordering = ("customer__name", "name")
    autocomplete_fields = ("customer", "product", "action_type", "source")
    fieldsets = (
        (
            "What is looked at",
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
        ("What it costs", {"fields": ("expected",)}),
    )

    class Media:
        css = {"all": ["pricing/rules.css"]}

    def has_delete_permission(self, request: HttpRequest, obj: PriceCheck | None = None) -> bool:
        return request.user.has_perm("pricing.delete_pricecheck")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[CheckChangeList]:
        return CheckChangeList

    def save_model(self, request: HttpRequest, obj: PriceCheck, form: Any, change: bool) -> None:  # noqa: FBT001 -- Django's
        save_check(obj, by=person(request))

    def delete_model(self, request: HttpRequest, obj: PriceCheck) -> None:
        remove_check(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[PriceCheck]) -> None:
        for check in queryset:
            remove_check(check)

    @admin.display(description="name", ordering="name")
    def shown_name(self, check: PriceCheck) -> SafeString | str:
        return shortened(check.name)

    @admin.display(description="customer", ordering="customer__name")
    def shown_customer(self, check: PriceCheck) -> SafeString | str:
        return link(check.customer)

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

    @admin.display(description="costs")
    def shown_expected(self, check: PriceCheck) -> SafeString:
        return amount(money.price_in_words(check.expected, check.customer.currency))

    @admin.display(description="today")
    def today(self, check: Any) -> SafeString:
        return result_chip(check.result)

    @admin.display(description="")
    def shown_found(self, check: Any) -> SafeString | str:
        return "" if check.result.holds else f"is {check.result.found}"
