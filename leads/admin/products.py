"""The pages of products."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from unfold.contrib.filters.admin import AutocompleteSelectFilter, FieldTextFilter

from billing_engine.core.admin_kit.cells import instant, link, price, shortened
from billing_engine.core.admin_kit.columns import column
from billing_engine.core.admin_kit.dialogs import person
from billing_engine.core.admin_kit.pages import Page
from leads.domain.catalog import save_product, sku_faults
from leads.domain.identity import external_id
from leads.models import Product


class ProductForm(forms.ModelForm[Product]):
    """A product; like IDs, its SKU is compared with what sources send."""

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
    related = ("customer",)
    search_fields = ("sku__istartswith", "name")
    search_help_text = "SKU or name"
    autocomplete_fields = ("customer",)
    ordering = ("-pk",)
    fieldsets = ((None, {"fields": ("customer", ("sku", "name"), ("category", "list_price"))}),)

    shown_name = column(shortened, "name", title="name", order="name")
    shown_customer = column(link, "customer", title="customer", order="customer__name")
    shown_list_price = column(price, "list_price", "customer.currency", title="list price", order="list_price")
    added = column(instant, "created_at", "customer.zone", title="added", order="created_at")

    def get_readonly_fields(self, request: HttpRequest, obj: Product | None = None) -> tuple[str, ...]:
        return ("customer",) if obj else ()

    def save_model(self, request: HttpRequest, obj: Product, form: Any, change: bool) -> None:  # noqa: FBT001 -- Django's
        save_product(obj, by=person(request))
