"""The accounts of accounting systems."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from billing_engine.core.admin_kit.cells import NOTHING, shortened
from billing_engine.core.admin_kit.columns import column
from billing_engine.core.admin_kit.dialogs import person
from billing_engine.core.admin_kit.menu import in_menu, list_item
from billing_engine.core.admin_kit.pages import Page
from receivables.admin.books.form import OURS
from receivables.domain.exports.accounts import save_mapping
from receivables.models import AccountMapping


class MappingForm(forms.ModelForm[AccountMapping]):
    class Meta:
        model = AccountMapping
        fields = ("seller", "account", "tax", "product", "code", "tax_code")


def what_of(mapping: AccountMapping) -> str:
    """The ledger account, with its tax or product."""
    of = mapping.tax or (mapping.product.name if mapping.product else "")
    return f"{mapping.get_account_display()}{f' · {of}' if of else ''}"


@admin.register(AccountMapping)
class AccountMappingAdmin(Page[AccountMapping]):
    form = MappingForm
    list_display = ("shown_what", "shown_company", "code", "shown_tax_code")
    list_display_links = ("shown_what",)
    list_filter = ("account",)
    related = ("seller", "product")
    search_fields = ("code__istartswith", "tax__istartswith")
    search_help_text = "Account in your books, or tax"
    ordering = ("seller__name", "account", "tax", "product__name")
    autocomplete_fields = ("product",)
    fieldsets = (
        (None, {"fields": ("seller", "account", "tax", "product")}),
        ("In your accounting system", {"fields": (("code", "tax_code"),)}),
    )
    nothing_yet = "No accounts yet. Exports to the books need the account of each ledger account and each tax."

    shown_what = column(lambda mapping: shortened(what_of(mapping)), title="ledger account", order="account")
    shown_company = column(lambda seller: shortened(seller.name), "seller", title="company", empty=OURS)
    shown_tax_code = column(shortened, "tax_code", title="tax code", empty=NOTHING)

    def save_model(self, request: HttpRequest, obj: AccountMapping, form: Any, change: bool) -> None:  # noqa: FBT001 -- Django's
        save_mapping(obj, by=person(request))


in_menu("Receivables", 71, list_item("Accounts", "account_tree", "receivables.accountmapping"))
