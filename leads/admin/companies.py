"""The pages of our companies."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminTextareaWidget

from billing_engine.core.admin_kit.cells import shortened
from billing_engine.core.admin_kit.columns import column
from billing_engine.core.admin_kit.dialogs import person
from billing_engine.core.admin_kit.faults import tell, understood
from billing_engine.core.admin_kit.pages import Page
from leads.domain.access.term_owners import COMPANY_BANK_DETAILS, may_change_bank_details
from leads.domain.companies import prefix_faults, save_company
from leads.models import Company


class CompanyForm(forms.ModelForm[Company]):
    class Meta:
        model = Company
        fields = ("name", "code", "address", "tax_id", "email", "pay_to", "number_prefix", "number_digits")
        widgets = {"address": UnfoldAdminTextareaWidget({"rows": 4}), "pay_to": UnfoldAdminTextareaWidget({"rows": 4})}

    def clean(self) -> dict[str, Any]:
        """Check that no other seller has or had the number prefix."""
        given = super().clean() or self.cleaned_data
        if "number_prefix" in given:
            tell(self, prefix_faults(understood(Company, given, "number_prefix", pk=self.instance.pk)))
        return given


@admin.register(Company)
class CompanyAdmin(Page[Company]):
    form = CompanyForm
    list_display = ("shown_name", "code", "number_format", "email")
    search_fields = ("code__istartswith", "name")
    ordering = ("name",)
    fieldsets = (
        (None, {"fields": (("name", "code"),)}),
        ("On the invoice", {"fields": ("address", ("tax_id", "email"), "pay_to")}),
        ("Invoice numbers", {"fields": (("number_prefix", "number_digits"),)}),
    )

    shown_name = column(shortened, "name", title="name", order="name")
    number_format = column(
        lambda company: f"{company.number_prefix}{1:0{company.number_digits}d}",
        title="invoice numbers",
        order="number_prefix",
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and may_change_bank_details(request.user)

    def get_readonly_fields(self, request: HttpRequest, obj: Company | None = None) -> tuple[str, ...]:
        return () if may_change_bank_details(request.user) else COMPANY_BANK_DETAILS

    def save_model(self, request: HttpRequest, obj: Company, form: Any, change: bool) -> None:  # noqa: FBT001 -- Django's
        save_company(obj, by=person(request))
        if change and {"number_prefix", "number_digits"} & set(form.changed_data):
            messages.info(
                request,
                f"The next invoice number looks like {self.number_format(obj)}. The count of the year continues without a gap.",
            )
