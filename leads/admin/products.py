"""What leads are about."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import AutocompleteSelectFilter, FieldTextFilter

from billing_engine.core import money
from billing_engine.core.admin_kit.cells import NOTHING, amount, instant, link, shortened
from billing_engine.core.admin_kit.pages import Page
from leads.domain.catalogue import save_product, sku_faults
from leads.domain.identity import external_id
from leads.models import Product


class ProductForm(forms.ModelForm[Product]):
    """A product; its SKU is compared with what sources send as ids are."""

    class Meta:
        model = Product
        fields = ("customer", "sku", "name", "category", "list_price")

    def clean_sku(self) -> str:
        sku = external_id(self.cleaned_data["sku"])
        for fault in sku_faults(sku):
            raise forms.ValidationError(fault.words, code=fault.code)
        return sku


@admin.register(Product)
class ProductAdmin(Page[Product]):
    form = ProductForm
    list_display = ("sku", "shown_name", "shown_customer", "category", "shown_list_price", "added")
    list_filter = (("customer", AutocompleteSelectFilter), ("category", FieldTextFilter))
    list_select_related = ("customer",)
    search_fields = ("sku__istartswith", "name")
    search_help_text = "SKU or name"
    autocomplete_fields = ("customer",)
    ordering = ("-pk",)
    fieldsets = ((None, {"fields": ("customer", ("sku", "name"), ("category", "list_price"))}),)

    def get_readonly_fields(self, request: HttpRequest, obj: Product | None = None) -> tuple[str, ...]:
        return ("customer",) if obj else ()

    def save_model(self, request: HttpRequest, obj: Product, form: Any, change: bool) -> None:  # noqa: FBT001 -- Django's
        save_product(obj)

    @admin.display(description="name", ordering="name")
    def shown_name(self, product: Product) -> SafeString | str:
        return shortened(product.name)

    @admin.display(description="customer", ordering="customer__name")
    def shown_customer(self, product: Product) -> SafeString | str:
        return link(product.customer)

    @admin.display(description="list price", ordering="list_price")
    def shown_list_price(self, product: Product) -> SafeString | str:
        if product.list_price is None:
            return amount(NOTHING)
        return amount(money.price_in_words(product.list_price, product.customer.currency))

    @admin.display(description="added", ordering="created_at")
    def added(self, product: Product) -> SafeString | str:
        return instant(product.created_at, product.customer.zone)
