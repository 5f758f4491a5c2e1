"""The pages of products."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.timezone import now
from unfold.contrib.filters.admin import AutocompleteSelectFilter, TextFilter
from unfold.widgets import UnfoldAdminTextInputWidget

from billing_engine.core.admin_kit.cells import instant, link, price, shortened
from billing_engine.core.admin_kit.columns import column
from billing_engine.core.admin_kit.dialogs import person
from leads.admin.facts import ChangeOfFacts, FactRows, FactsPage, change_button
from leads.domain.catalog.subjects import save_product, sku_faults
from leads.domain.identity import external_id
from leads.models import Product, ProductRevision


def category_field() -> forms.CharField:
    """A category, as price rules name it."""
    return forms.CharField(
        max_length=80, required=False, widget=UnfoldAdminTextInputWidget, help_text="Price rules can depend on it."
    )


class ProductForm(forms.ModelForm[Product]):
    """A product; like IDs, its SKU is compared with what sources send."""

    class Meta:
        model = Product
        fields = ("customer", "sku", "name", "list_price")

    def clean_sku(self) -> str:
        sku = external_id(self.cleaned_data["sku"])
        for fault in sku_faults(sku):
            raise forms.ValidationError(fault.words, code=fault.code)
        return sku


class NewProductForm(ProductForm):
    """A new product with its first category."""

    category = category_field()


class ChangeOfCategory(ChangeOfFacts):
    """Another category from a first day on."""

    category = category_field()
    field_order = ("category", "first_day", "reason")


class ProductFacts(FactRows):
    model = ProductRevision
    verbose_name_plural = "category"


class CategoryFilter(TextFilter):
    """Filters products by their category of today."""

    title = "category"
    parameter_name = "category"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        wanted = self.value()
        return queryset.filter(category__icontains=wanted) if wanted else queryset


@admin.register(Product)
class ProductAdmin(FactsPage[Product]):
    form = ProductForm
    new_form = NewProductForm
    fact_rows = ProductFacts
    actions_detail = ("change_facts",)
    list_display = ("sku", "shown_name", "shown_customer", "shown_category", "shown_list_price", "added")
    list_filter = (("customer", AutocompleteSelectFilter), CategoryFilter)
    related = ("customer",)
    search_fields = ("sku__istartswith", "name")
    search_help_text = "SKU or name"
    autocomplete_fields = ("customer",)
    ordering = ("-pk",)
    fieldsets = ((None, {"fields": ("customer", ("sku", "name"), "list_price")}),)
    new_fieldsets = ((None, {"fields": ("customer", ("sku", "name"), ("category", "list_price"))}),)

    shown_name = column(shortened, "name", title="name", order="name")
    shown_customer = column(link, "customer", title="customer", order="customer__name")
    shown_category = column(shortened, "category", title="category", order="category")
    shown_list_price = column(price, "list_price", "customer.currency", title="list price", order="list_price")
    added = column(instant, "created_at", "customer.zone", title="added", order="created_at")

    def get_readonly_fields(self, request: HttpRequest, obj: Product | None = None) -> tuple[str, ...]:
        return ("customer",) if obj else ()

    def save_model(self, request: HttpRequest, obj: Product, form: Any, change: bool) -> None:  # noqa: FBT001 -- Django's
        save_product(obj, facts=self.first_facts(form), by=person(request), at=now())

    change_facts = change_button("Change category", permission="leads.change_product", form=ChangeOfCategory)
