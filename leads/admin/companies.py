"""Our companies, as they stand on invoices."""

from typing import Any

from django import forms
from django.contrib import admin
from unfold.widgets import UnfoldAdminTextareaWidget

from leads.admin.bases import Page
from leads.admin.shown import shortened
from leads.models import Company


class CompanyForm(forms.ModelForm[Company]):
    class Meta:
        model = Company
        fields = ("name", "code", "address", "tax_id", "email", "pay_to", "number_prefix", "number_digits")
        widgets = {"address": UnfoldAdminTextareaWidget({"rows": 4}), "pay_to": UnfoldAdminTextareaWidget({"rows": 4})}


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

    @admin.display(description="name", ordering="name")
    def shown_name(self, company: Company) -> Any:
        return shortened(company.name)

    @admin.display(description="invoice numbers", ordering="number_prefix")
    def number_format(self, company: Company) -> str:
        return f"{company.number_prefix}{1:0{company.number_digits}d}"
