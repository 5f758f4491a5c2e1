"""The tiers of a graduated price: edited with a draft, afterwards only looked at."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.admin import TabularInline

from billing_engine.core import money
from leads.admin.choices import WITHOUT_IDLE_ZEROS
from leads.admin.shown import number
from pricing.admin.rule_form import TierForm, TierFormSet
from pricing.admin.rule_words import is_draft
from pricing.models import PriceRule, PriceTier


class TierRows(TabularInline):
    """The tiers of a graduated price."""

    model = PriceTier
    form = TierForm
    formset = TierFormSet
    template = "pricing/tiers.html"
    fields = ("up_to", "unit_price", "flat_fee")
    ordering = ("up_to",)
    formfield_overrides = WITHOUT_IDLE_ZEROS
    readonly_fields = ("shown_up_to", "shown_unit_price", "shown_flat_fee")
    hide_title = True
    verbose_name_plural = "tiers"

    def get_extra(self, request: HttpRequest, obj: PriceRule | None = None, **kwargs: Any) -> int:
        return 0 if obj is not None and obj.tiers.exists() else 2

    def get_fields(self, request: HttpRequest, obj: PriceRule | None = None) -> tuple[str, ...]:
        return self.fields if obj is None or is_draft(obj) else self.readonly_fields

    def get_readonly_fields(self, request: HttpRequest, obj: PriceRule | None = None) -> tuple[str, ...]:
        return () if obj is None or is_draft(obj) else self.readonly_fields

    def has_add_permission(self, request: HttpRequest, obj: PriceRule | None = None) -> bool:
        return (obj is None or is_draft(obj)) and super().has_add_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: PriceRule | None = None) -> bool:
        return (obj is None or is_draft(obj)) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: PriceRule | None = None) -> bool:
        return (obj is None or is_draft(obj)) and super().has_delete_permission(request, obj)

    @admin.display(description="up to")
    def shown_up_to(self, tier: PriceTier) -> SafeString | str:
        return number(tier.up_to) if tier.up_to is not None else "no end"

    @admin.display(description="unit price")
    def shown_unit_price(self, tier: PriceTier) -> str:
        return money.price_in_words(tier.unit_price, tier.rule.currency)

    @admin.display(description="flat fee")
    def shown_flat_fee(self, tier: PriceTier) -> str:
        return money.price_in_words(tier.flat_fee, tier.rule.currency)
