"""The pages of our bank accounts, and of how CSV files are read."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest

from billing_engine.core.admin_kit.cells import active, code, shortened
from billing_engine.core.admin_kit.columns import column
from billing_engine.core.admin_kit.dialogs import person
from billing_engine.core.admin_kit.faults import tell, understood
from billing_engine.core.admin_kit.fields import currency_field
from billing_engine.core.admin_kit.pages import Page
from receivables.domain.payments.bank_files.accounts import account_faults, plain_number, save_account, save_mapping
from receivables.models import BankAccount, CsvMapping


class AccountForm(forms.ModelForm[BankAccount]):
    """An account; its number may be typed with spaces."""

    number = forms.CharField(
        label="IBAN or account number", max_length=50, help_text="Files that name another account are refused."
    )
    currency = currency_field()

    class Meta:
        model = BankAccount
        fields = ("name", "seller", "number", "currency", "is_active")

    def clean_number(self) -> str:
        return plain_number(self.cleaned_data["number"])

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        tell(self, account_faults(understood(BankAccount, given, pk=self.instance.pk)))
        return given


@admin.register(BankAccount)
class BankAccountAdmin(Page[BankAccount]):
    form = AccountForm
    needs_recent_login = True
    list_display = ("shown_name", "shown_number", "currency", "shown_seller", "shown_active")
    list_display_links = ("shown_name",)
    related = ("seller",)
    ordering = ("name",)
    nothing_yet = "No bank accounts yet. Add yours to read its files."
    fields = ("name", "seller", ("number", "currency"), "is_active")

    shown_name = column(shortened, "name", title="name", order="name")
    shown_number = column(code, "number", title="number")
    shown_seller = column(lambda row: row.seller.name if row.seller else settings.SELLER["name"], title="company")
    shown_active = column(active, "is_active", title="state")

    def save_model(self, request: HttpRequest, obj: BankAccount, form: Any, change: bool) -> None:  # noqa: FBT001 -- Django's
        save_account(obj, by=person(request))


@admin.register(CsvMapping)
class CsvMappingAdmin(Page[CsvMapping]):
    list_display = ("shown_name", "day_format", "decimal_mark", "encoding")
    list_display_links = ("shown_name",)
    ordering = ("name",)
    nothing_yet = "No mappings yet. Add one to read a bank's CSV files."
    fieldsets = (
        (None, {"fields": ("name", ("encoding", "delimiter"), ("day_format", "decimal_mark"))}),
        ("Columns", {"fields": (("day", "amount"), "text", ("payer_name", "payer_account"), "bank_reference")}),
    )

    shown_name = column(shortened, "name", title="name", order="name")

    def save_model(self, request: HttpRequest, obj: CsvMapping, form: Any, change: bool) -> None:  # noqa: FBT001 -- Django's
        save_mapping(obj, by=person(request))
