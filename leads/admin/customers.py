"""The pages of customers."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import flatten
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.timezone import now
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.widgets import UnfoldAdminDateWidget

from billing_engine.core.admin_kit.cells import active, amount, day, link_to, list_of, shortened
from billing_engine.core.admin_kit.columns import column
from billing_engine.core.admin_kit.dialogs import person
from billing_engine.core.admin_kit.extension import more
from billing_engine.core.admin_kit.faults import tell, understood
from billing_engine.core.admin_kit.fields import currency_field, offer_own_currency, time_zone_field
from billing_engine.core.admin_kit.overview.parts import Card, card_on, overview_of
from billing_engine.core.admin_kit.pages import Page
from billing_engine.core.admin_kit.task_cards import notices_about
from billing_engine.core.calendar.wording import count_of_days, day_in_words
from leads.admin.credentials.customer_keys import CustomerKeyRows, KeyButtons
from leads.admin.terms.customer_buttons import TermButtons
from leads.admin.terms.fields import term_fields
from leads.admin.terms.shown import NOTHING_CHANGED, terms_of_customer
from leads.domain.access.term_owners import may_change, may_change_any
from leads.domain.customers import (
    FIXED_BY_PERIODS,
    IDENTITY,
    add_customer,
    customer_faults,
    first_terms_faults,
    is_fixed,
    save_customer,
    set_default_first_day,
)
from leads.domain.terms.purchase_orders import waiting_purchase_order
from leads.models import Customer, CustomerTerms
from leads.models.terms import TERMS

# The fields that `customer_faults` checks.
CHECKED = ("billed_from", "time_zone")


class CustomerForm(forms.ModelForm[Customer]):
    """Who a customer is; currency and time zone are chosen from lists."""

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

    class Meta:
        model = Customer
        fields = ("name", "code", "is_active", "currency", "time_zone", "billed_from", "cycle")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_own_currency(self, self.instance.currency)

    def terms(self) -> dict[str, Any]:
        """The first terms of a new customer; empty for one that is there."""
        return {name: value for name, value in self.cleaned_data.items() if name in TERMS}

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        not_asked = {name: getattr(self.instance, name) for name in CHECKED if name not in self.fields}
        customer = understood(Customer, not_asked | given, *CHECKED, pk=self.instance.pk)
        if "billed_from" in given:
            set_default_first_day(customer, given)
            given["billed_from"] = customer.billed_from
        tell(self, customer_faults(customer))
        return given


TermsFields: Any = type("TermsFields", (forms.Form,), term_fields(CustomerTerms, TERMS))


class NewCustomerForm(TermsFields, CustomerForm):
    """A new customer with its first terms."""

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean()
        customer = understood(Customer, given, "currency")
        tell(self, first_terms_faults(customer, self.terms()))
        return given


@admin.register(Customer)
class CustomerAdmin(KeyButtons, TermButtons, Page[Customer]):
    form = CustomerForm
    list_display = ("shown_name", "code", "is_billed", "currency", "time_zone", "shown_terms", "contract", "products")
    list_filter = ("is_active", ("cycle", ChoicesDropdownFilter))
    actions_detail: Any = (
        "change_payment",
        more("change_invoice_details", "change_commitments", "change_exclusions", "new_api_key"),
    )
    inlines = (CustomerKeyRows,)
    change_form_outer_before_template = "leads/customer_top.html"
    change_form_after_template = "leads/terms.html"
    search_fields = ("code__istartswith", "name")
    search_help_text = "Code or name"
    ordering = ("name",)
    fieldsets = (
        ("Details", {"fields": (("name", "code"), "is_active")}),
        ("Billing", {"fields": (("currency", "time_zone"), ("billed_from", "cycle"))}),
    )
    first_terms = (
        ("Contract", {"fields": (("contract_from", "contract_to"), "excluded_domains")}),
        ("Commitments", {"fields": ("monthly_minimum", ("monthly_budget", "hard_budget"))}),
        ("Payment", {"fields": (("payment_terms_days", "dispute_days"), "seller", "billing_contacts")}),
        ("Disputes", {"fields": (("dispute_quota", "dispute_quota_sum"),)}),
        ("Tax", {"fields": ("taxes", "tax_exempt_reason")}),
        (
            "On the invoice",
            {
                "fields": (
                    ("legal_name", "tax_id"),
                    "address",
                    "purchase_order",
                    ("locale", "detail_annex"),
                    "electronic_invoice",
                )
            },
        ),
    )

    class Media:
        css = {"all": ["core/figures.css", "core/charts.css", "core/overview.css", "leads/terms.css"]}

    shown_name = column(shortened, "name", title="name", order="name")
    is_billed = column(active, "is_active", title="state", order="is_active")
    shown_terms = column(
        lambda days: amount(f"{days} days" if days else "at once"),
        lambda customer: customer.terms.on(customer.today).payment_terms_days,
        title="terms",
    )
    products = column(
        lambda customer: link_to(list_of("leads.product", customer__id__exact=customer.pk), "Products"), title=""
    )

    def has_change_permission(self, request: HttpRequest, obj: Customer | None = None) -> bool:
        return may_change_any(request.user)

    def get_inlines(self, request: HttpRequest, obj: Customer | None) -> Any:
        """The keys of a customer that is there and has some."""
        return self.inlines if obj is not None and obj.api_keys.exists() else ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Customer]:
        return super().get_queryset(request).prefetch_related("terms")

    def get_fieldsets(self, request: HttpRequest, obj: Customer | None = None) -> Any:
        """A new customer has its first terms on the same form, as far as the person may write them."""
        shown = self.sections_for(request.user, obj)
        if obj is not None:
            return shown
        terms = ((title, {"fields": _writable(told["fields"], request.user)}) for title, told in self.first_terms)
        return (*shown, *((title, told) for title, told in terms if told["fields"]))

    def get_form(self, request: HttpRequest, obj: Customer | None = None, change: bool = False, **kwargs: Any) -> Any:  # noqa: FBT001 -- Django's
        if obj is None:
            not_theirs = {name: None for name in TERMS if not may_change(request.user, name)}
            kwargs["form"] = type("NewCustomerForm", (NewCustomerForm,), not_theirs)
        return super().get_form(request, obj, change=change, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: Customer | None = None) -> tuple[str, ...]:
        fixed = FIXED_BY_PERIODS if obj is not None and is_fixed(obj) else ()
        kept = tuple(name for name in IDENTITY if name in fixed or not may_change(request.user, name))
        return kept if obj is None else (*kept, *self.facts_added())

    def save_model(self, request: HttpRequest, obj: Customer, form: Any, change: bool) -> None:  # noqa: FBT001 -- Django's
        if not change:
            add_customer(obj, terms=form.terms(), by=person(request), at=now())
            return
        saved = save_customer(obj, by=person(request), at=now())
        if saved.has_new_cycle:
            messages.info(request, _begins(saved.customer, saved.cycle_begins))

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Add what there is of the customer, its terms of all times, and the PO number that it waits for."""
        customer = self.get_object(request, object_id) if object_id else None
        shown: dict[str, Any] = {"nothing_changed": NOTHING_CHANGED}
        if customer and self.has_view_permission(request, customer):
            shown |= {
                "overview": overview_of(customer, request.user),
                "is_billed": active(customer.is_active),
                "identity": _identity(customer),
                "terms": terms_of_customer(customer),
            }
        if customer and (asked := waiting_purchase_order(customer)):
            shown["approvals"] = notices_about(asked)
        return super().changeform_view(request, object_id, form_url, shown | (extra_context or {}))

    @admin.display(description="contract")
    def contract(self, customer: Customer) -> str:
        terms = customer.terms.on(customer.today)
        if terms.contract_from is None and terms.contract_to is None:
            return "open"
        return f"{day(terms.contract_from)} … {day(terms.contract_to)}"


@card_on("leads.customer", place=80, needs=("leads.view_customer",))
def deeds(customer: Customer) -> Card:
    """Lead to all deeds; the last ones are at the end of the page."""
    return Card(title="Deeds", address=reverse("admin:leads_customer_history", args=[customer.pk]))


def _identity(customer: Customer) -> str:
    """`ACME · USD · monthly · billed in America/New_York · 30 days to pay`."""
    days = customer.terms.on(customer.today).payment_terms_days
    to_pay = f"{count_of_days(days)} to pay" if days else "due at once"
    cycle = customer.get_cycle_display().lower()
    return " · ".join((customer.code, customer.currency, cycle, f"billed in {customer.time_zone}", to_pay))


def _writable(lines: Iterable[Any], by: Any) -> tuple[Any, ...]:
    """The lines of a section with the terms that the person may write."""
    kept = (tuple(name for name in flatten([line]) if may_change(by, name)) for line in lines)
    return tuple(line if len(line) > 1 else line[0] for line in kept if line)


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
        f"The customer is billed {name} from {day_in_words(first.date())} on, when the last billing period ends."
        f" The first new period ends on {day_in_words(until.date())}."
    )
