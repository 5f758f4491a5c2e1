"""The pages of customers."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import flatten_fieldsets
from django.http import HttpRequest
from django.utils.timezone import now
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.widgets import UnfoldAdminDateWidget, UnfoldAdminTextareaWidget

from billing_engine.core.admin_kit.cells import active, amount, day, link_to, list_of, shortened
from billing_engine.core.admin_kit.columns import column
from billing_engine.core.admin_kit.dialogs import person
from billing_engine.core.admin_kit.faults import tell, understood
from billing_engine.core.admin_kit.fields import (
    WITHOUT_IDLE_ZEROS,
    addresses_field,
    currency_field,
    domains_field,
    locale_field,
    offer_own_currency,
    time_zone_field,
)
from billing_engine.core.admin_kit.pages import Page
from leads.domain.access.term_owners import CUSTOMER_TERMS, may_change, may_change_any
from leads.domain.customers import FIXED_BY_PERIODS, is_fixed, save_customer, set_default_first_day, terms_faults
from leads.models import Customer, CustomerTax

# The fields that `terms_faults` checks.
TERMS = ("contract_from", "contract_to", "billed_from", "monthly_minimum", "time_zone")


class CustomerForm(forms.ModelForm[Customer]):
    """A customer; currency, time zone and locale are chosen from lists."""

    currency = currency_field("Can't change after the first billing period.")
    time_zone = time_zone_field(
        "Billing time zone",
        "Months and weeks start and end at midnight in this zone. Can't change after the first billing period.",
    )
    billed_from = forms.DateField(
        required=False,
        widget=UnfoldAdminDateWidget,
        help_text="First billed day, in the billing time zone. Empty: the first of this month. Required with a monthly"
        " minimum. Can't change after the first billing period.",
    )
    excluded_domains = domains_field(
        "Email domains that are never charged: own staff, competitors, students. Separate with commas."
    )
    locale = locale_field("Number format", "How numbers and dates are written on the invoice.")
    billing_contacts = addresses_field("Who receives the invoices. Separate with commas.")

    class Meta:
        model = Customer
        fields = (
            "name",
            "code",
            "is_active",
            *("currency", "time_zone", "billed_from", "cycle", "payment_terms_days"),
            *("dispute_days", "billing_contacts"),
            *("tax_exempt_reason", "seller", "locale", "detail_annex"),
            *("monthly_minimum", "monthly_budget", "hard_budget"),
            *("contract_from", "contract_to", "excluded_domains"),
            *("legal_name", "tax_id", "address", "purchase_order"),
        )
        widgets = {"address": UnfoldAdminTextareaWidget({"rows": 4})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_own_currency(self, self.instance.currency)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        not_asked = {name: getattr(self.instance, name) for name in TERMS if name not in self.fields}
        customer = understood(Customer, not_asked | given, *TERMS, pk=self.instance.pk)
        if "billed_from" in given:
            set_default_first_day(customer)
            given["billed_from"] = customer.billed_from
        tell(self, terms_faults(customer))
        return given


class Taxes(TabularInline):
    """The taxes on a customer's invoices."""

    model = CustomerTax
    fields = ("name", "rate", "category")
    extra = 0
    formfield_overrides = WITHOUT_IDLE_ZEROS
    verbose_name_plural = "taxes (for invoices drafted from now on)"

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_change(request.user, "taxes")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_change(request.user, "taxes")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_change(request.user, "taxes")


@admin.register(Customer)
class CustomerAdmin(Page[Customer]):
    form = CustomerForm
    inlines = (Taxes,)
    list_display = ("shown_name", "code", "is_billed", "currency", "time_zone", "shown_terms", "contract", "products")
    list_filter = ("is_active", ("cycle", ChoicesDropdownFilter))
    search_fields = ("code__istartswith", "name")
    search_help_text = "Code or name"
    ordering = ("name",)
    fieldsets = (
        (None, {"fields": (("name", "code"), "is_active")}),
        (
            "Billing",
            {
                "fields": (
                    ("currency", "time_zone"),
                    ("billed_from", "cycle"),
                    ("payment_terms_days", "dispute_days"),
                    "billing_contacts",
                )
            },
        ),
        ("Tax", {"fields": ("tax_exempt_reason",)}),
        ("Commitments", {"fields": ("monthly_minimum", ("monthly_budget", "hard_budget"))}),
        ("Contract", {"fields": (("contract_from", "contract_to"), "excluded_domains")}),
        (
            "On the invoice",
            {
                "fields": (
                    "seller",
                    ("legal_name", "tax_id"),
                    "address",
                    "purchase_order",
                    ("locale", "detail_annex"),
                )
            },
        ),
    )

    shown_name = column(shortened, "name", title="name", order="name")
    is_billed = column(active, "is_active", title="state", order="is_active")
    shown_terms = column(
        lambda days: amount(f"{days} days" if days else "at once"),
        "payment_terms_days",
        title="terms",
        order="payment_terms_days",
    )
    products = column(
        lambda customer: link_to(list_of("leads.product", customer__id__exact=customer.pk), "Products"), title=""
    )

    def has_change_permission(self, request: HttpRequest, obj: Customer | None = None) -> bool:
        return may_change_any(request.user)

    def get_readonly_fields(self, request: HttpRequest, obj: Customer | None = None) -> tuple[str, ...]:
        fixed = FIXED_BY_PERIODS if obj is not None and is_fixed(obj) else ()
        asked = flatten_fieldsets(self.get_fieldsets(request, obj))
        return tuple(
            name for name in asked if name in fixed or (name in CUSTOMER_TERMS and not may_change(request.user, name))
        )

    def save_model(self, request: HttpRequest, obj: Customer, form: Any, change: bool) -> None:  # noqa: FBT001 -- Django's
        """Do nothing: `save_related` saves the customer with its taxes."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # noqa: FBT001 -- Django's
        (taxes,) = formsets
        new_or_changed = taxes.save(commit=False)
        saved = save_customer(
            form.instance, taxes=new_or_changed, removed_taxes=taxes.deleted_objects, by=person(request), at=now()
        )
        if saved.has_new_cycle:
            messages.info(request, _begins(saved.customer, saved.cycle_begins))

    @admin.display(description="contract")
    def contract(self, customer: Customer) -> str:
        if customer.contract_from is None and customer.contract_to is None:
            return "open"
        return f"{day(customer.contract_from)} … {day(customer.contract_to)}"


def _begins(customer: Customer, begin: datetime | None) -> str:
    """Say when the new cycle starts and when its first, perhaps partial, period ends."""
    cycle = Customer.objects.prefetch_related("cycle_changes").get(pk=customer.pk)
    name = cycle.get_cycle_display().lower()
    if begin is None:
        return f"The customer is billed {name} from its first day on, because there is no billing period yet."
    _, span = cycle.calendar.containing(begin)
    first = begin.astimezone(customer.zone)
    until = span.end.astimezone(customer.zone)
    return (
        f"The customer is billed {name} from {first:%Y-%m-%d} on, when the last billing period ends."
        f" The first new period ends on {until:%Y-%m-%d}."
    )
