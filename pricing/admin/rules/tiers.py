"""The tiers of a price: editable with a draft, then read-only."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.admin import TabularInline

from billing_engine.core import money
from billing_engine.core.admin_kit.cells import NOTHING, number
from billing_engine.core.admin_kit.columns import column
from billing_engine.core.admin_kit.fields import WITHOUT_IDLE_ZEROS
from pricing.admin.rules.page import is_draft
from pricing.admin.rules.tier_form import TierForm, TierFormSet
from pricing.domain.rate.inputs import model_of
from pricing.domain.rule_book.price_parts import rate_of
from pricing.domain.rule_wording import percent_in_words
from pricing.models import PriceRule, PriceTier


class TierRows(TabularInline):
    """The tiers of a price."""

    model = PriceTier
    form = TierForm
    formset = TierFormSet
    template = "pricing/tiers.html"
    fields = ("up_to", "unit_price", "percent", "flat_fee")
    ordering = ("up_to",)
    formfield_overrides = WITHOUT_IDLE_ZEROS
    hide_title = True
    verbose_name_plural = "tiers"

    shown_unit_price = column(money.price_in_words, "unit_price", "rule.currency", title="unit price", empty=NOTHING)
    shown_percent = column(percent_in_words, "percent", title="percent", empty=NOTHING)
    shown_flat_fee = column(money.price_in_words, "flat_fee", "rule.currency", title="flat fee")

    def get_extra(self, request: HttpRequest, obj: PriceRule | None = None, **kwargs: Any) -> int:
        return 0 if obj is not None and obj.tiers.exists() else 2

    def get_fields(self, request: HttpRequest, obj: PriceRule | None = None) -> tuple[str, ...]:
        if obj is None or self.has_change_permission(request, obj):
            return self.fields
        return ("shown_up_to", f"shown_{rate_of(obj.price_model)}", "shown_flat_fee")

    def get_readonly_fields(self, request: HttpRequest, obj: PriceRule | None = None) -> tuple[str, ...]:
        shown = self.get_fields(request, obj)
        return () if shown == self.fields else shown

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """The field, called after its column, since in a table it has no label; the form above has fields of the same names."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None:
            field.widget.attrs["aria-label"] = f"{field.label} of the tier"
        return field

    def has_add_permission(self, request: HttpRequest, obj: PriceRule | None = None) -> bool:
        return (obj is None or is_draft(obj)) and super().has_add_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: PriceRule | None = None) -> bool:
        return (obj is None or is_draft(obj)) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: PriceRule | None = None) -> bool:
        return (obj is None or is_draft(obj)) and super().has_delete_permission(request, obj)

    @admin.display(description="up to")
    def shown_up_to(self, tier: PriceTier) -> SafeString | str:
        if tier.up_to is None:
            return "no end"
        if model_of(tier.rule).is_of_value:
            return money.price_in_words(tier.up_to, tier.rule.currency)
        return number(tier.up_to)
