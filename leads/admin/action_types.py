"""The pages of action types."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.timezone import now
from unfold.widgets import UnfoldAdminDecimalFieldWidget, UnfoldAdminTextInputWidget, UnfoldBooleanSwitchWidget

from billing_engine.core.admin_kit.cells import flag
from billing_engine.core.admin_kit.columns import column
from billing_engine.core.admin_kit.dialogs import person
from billing_engine.core.admin_kit.fields import PlainDecimalField
from leads.admin.facts import ChangeOfFacts, FactFilter, FactRows, FactsPage, change_button
from leads.domain.catalog.subjects import save_action_type
from leads.models import ActionType, ActionTypeRevision

FACTS = ActionTypeRevision._meta


class FactFields(forms.Form):
    """The facts of an action type."""

    unit = forms.CharField(
        max_length=40,
        initial="action",
        widget=UnfoldAdminTextInputWidget,
        help_text=FACTS.get_field("unit").help_text,
    )
    is_billable = forms.BooleanField(
        label="Billable",
        initial=True,
        required=False,
        widget=UnfoldBooleanSwitchWidget,
        help_text=FACTS.get_field("is_billable").help_text,
    )
    largest_quantity = PlainDecimalField(
        min_value=0,
        max_digits=18,
        decimal_places=6,
        initial=FACTS.get_field("largest_quantity").default,
        widget=UnfoldAdminDecimalFieldWidget,
        help_text=FACTS.get_field("largest_quantity").help_text,
    )
    largest_value = PlainDecimalField(
        min_value=0,
        max_digits=18,
        decimal_places=6,
        initial=FACTS.get_field("largest_value").default,
        widget=UnfoldAdminDecimalFieldWidget,
        help_text=FACTS.get_field("largest_value").help_text,
    )


class NewActionTypeForm(FactFields, forms.ModelForm[ActionType]):
    """A new action type with its first facts."""

    class Meta:
        model = ActionType
        fields = ("name", "code")


class ChangeOfActionType(FactFields, ChangeOfFacts):
    """Other facts from a first day on."""

    field_order = (*ActionTypeRevision.FACTS, "first_day", "reason")


class ActionTypeFacts(FactRows):
    model = ActionTypeRevision
    verbose_name_plural = "billing facts"


class BillableFilter(FactFilter):
    """Filters action types by whether they are billable today."""

    title = "billable"
    parameter_name = "is_billable"

    @staticmethod
    def offered() -> list[tuple[str, str]]:
        return [("True", "Billable"), ("False", "Not billable")]


@admin.register(ActionType)
class ActionTypeAdmin(FactsPage[ActionType]):
    new_form = NewActionTypeForm
    fact_rows = ActionTypeFacts
    list_display = ("name", "code", "unit", "billable")
    list_filter = (BillableFilter,)
    search_fields = ("code__istartswith", "name")
    search_help_text = "Code or name"
    ordering = ("name",)
    actions_detail = ("change_facts",)
    fieldsets = ((None, {"fields": (("name", "code"),)}),)
    new_fieldsets = (
        (None, {"fields": (("name", "code"), "unit", "is_billable", ("largest_quantity", "largest_value"))}),
    )

    unit = column(str, "unit", title="unit", order="unit")
    billable = column(flag("Billable", "Not billable"), "is_billable", title="billable", order="is_billable")

    def save_model(self, request: HttpRequest, obj: ActionType, form: Any, change: bool) -> None:  # noqa: FBT001 -- Django's
        save_action_type(obj, facts=self.first_facts(form), by=person(request), at=now())

    change_facts = change_button("Change billing facts", permission="leads.change_actiontype", form=ChangeOfActionType)
