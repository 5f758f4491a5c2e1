"""The pages of our companies."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.timezone import now

from billing_engine.core.admin_kit.cells import shortened
from billing_engine.core.admin_kit.columns import column
from billing_engine.core.admin_kit.dialogs import Done, button, person
from billing_engine.core.admin_kit.faults import tell, understood
from billing_engine.core.admin_kit.pages import Page
from leads.admin.terms.dialogs import changes_in, check_was_seen, outcome, terms_dialog, terms_form
from leads.admin.terms.fields import term_fields
from leads.admin.terms.shown import NOTHING_CHANGED, details_of_company
from leads.domain.access.term_owners import BANK_DETAILS, may_change_bank_details
from leads.domain.companies import add_company, prefix_faults, save_company
from leads.domain.terms.company_details import propose, write_details
from leads.domain.terms.wording import from_in_words
from leads.models import Company, CompanyDetails
from leads.models.company import DETAILS


class CompanyForm(forms.ModelForm[Company]):
    class Meta:
        model = Company
        fields = ("name", "code", "number_prefix", "number_digits")

    def clean(self) -> dict[str, Any]:
        """Check that no other seller has or had the number prefix."""
        given = super().clean() or self.cleaned_data
        if "number_prefix" in given:
            tell(self, prefix_faults(understood(Company, given, "number_prefix", "number_digits", pk=self.instance.pk)))
        return given


DetailFields: Any = type("DetailFields", (forms.Form,), term_fields(CompanyDetails, DETAILS))


class NewCompanyForm(DetailFields, CompanyForm):
    """A new company with its first details."""

    def details(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name in DETAILS}


def details_at_first(company: Company) -> dict[str, Any]:
    """What the dialog shows at first: the details in force today."""
    return {"first_day": company.today, **company.details_today.values()}


DetailsForm = terms_form(CompanyDetails, DETAILS)


@admin.register(Company)
class CompanyAdmin(Page[Company]):
    form = CompanyForm
    needs_recent_login = True  # the bank details of all invoices
    list_display = ("shown_name", "code", "number_format", "shown_email")
    actions_detail = ("change_details",)
    change_form_after_template = "leads/terms.html"
    search_fields = ("code__istartswith", "name")
    ordering = ("name",)
    fieldsets = (
        (None, {"fields": (("name", "code"),)}),
        ("Invoice numbers", {"fields": (("number_prefix", "number_digits"),)}),
    )
    first_details = (("On the invoice", {"fields": ("address", ("tax_id", "email"), "pay_to")}),)

    class Media:
        css = {"all": ["leads/terms.css"]}

    shown_name = column(shortened, "name", title="name", order="name")
    number_format = column(
        lambda company: f"{company.number_prefix}{1:0{company.number_digits}d}",
        title="invoice numbers",
        order="number_prefix",
    )

    shown_email = column(str, "details_today.email", title="email")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and may_change_bank_details(request.user)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Company]:
        return super().get_queryset(request).prefetch_related("details")

    def get_fieldsets(self, request: HttpRequest, obj: Company | None = None) -> Any:
        return self.fieldsets if obj is not None else (*self.fieldsets, *self.first_details)

    def get_form(self, request: HttpRequest, obj: Company | None = None, change: bool = False, **kwargs: Any) -> Any:  # noqa: FBT001 -- Django's
        """A new company has its first details on the same form."""
        return super().get_form(request, obj, change=change, **kwargs | ({} if obj else {"form": NewCompanyForm}))

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Add the details in force, to come and past."""
        company = self.get_object(request, object_id) if object_id else None
        shown = {"terms": details_of_company(company), "nothing_changed": NOTHING_CHANGED} if company else {}
        return super().changeform_view(request, object_id, form_url, shown | (extra_context or {}))

    @button(
        "Change details",
        permission=BANK_DETAILS,
        icon="edit",
        needs_recent_login=True,
        asks=terms_dialog(
            lambda company: f"Change the details of {company}?",
            DetailsForm,
            details_at_first,
            "Invoices print the details of the day they are issued. Other bank details or another email address need the"
            " approval of a second person; customers are told.",
        ),
    )
    def change_details(self, request: HttpRequest, company: Company, answers: dict[str, Any]) -> Done:
        given = {
            "changes": changes_in(answers, details_at_first(company), DETAILS),
            "first_day": answers["first_day"],
            "reason": answers["reason"],
            "by": person(request),
            "at": now(),
        }
        check_was_seen(propose(company, **given), answers["seen"])
        revision = write_details(company, **given)
        return Done(outcome(revision, since=from_in_words(revision.first_day)))

    def save_model(self, request: HttpRequest, obj: Company, form: Any, change: bool) -> None:  # noqa: FBT001 -- Django's
        if not change:
            add_company(obj, details=form.details(), by=person(request), at=now())
            return
        save_company(obj, by=person(request))
        if {"number_prefix", "number_digits"} & set(form.changed_data):
            messages.info(
                request,
                f"The next invoice number looks like {self.number_format(obj)}. The count of the year continues without a gap.",
            )
