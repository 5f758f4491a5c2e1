"""The pages of thresholds for approvals: a new one is proposed, and takes effect when a second person approves it."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils.timezone import now

from billing_engine.core.admin_kit.cells import chip, instant, shortened
from billing_engine.core.admin_kit.columns import column
from billing_engine.core.admin_kit.dialogs import person
from billing_engine.core.admin_kit.pages import Page
from billing_engine.core.admin_kit.task_cards import shown_person
from leads.domain.access.second_person import in_words, propose
from leads.models import ApprovalThreshold


class ThresholdForm(forms.ModelForm[ApprovalThreshold]):
    class Meta:
        model = ApprovalThreshold
        fields = ("company", "kind", "currency", "above", "reason")


def _seller(threshold: ApprovalThreshold) -> str:
    return str(threshold.company) if threshold.company else "Seller in the settings"


@admin.register(ApprovalThreshold)
class ApprovalThresholdAdmin(Page[ApprovalThreshold]):
    form = ThresholdForm
    list_display = ("shown_seller", "shown_kind", "shown_above", "shown_reason", "shown_writer", "since")
    related = ("company", "written_by")
    ordering = ("-pk",)
    nothing_yet = "No thresholds yet: the settings FOUR_EYES and ADJUSTER_APPROVES decide."
    fieldsets = ((None, {"fields": (("company", "kind"), ("currency", "above"), "reason")}),)

    shown_seller = column(_seller, title="company", order="company__name")
    shown_kind = column(lambda row: row.get_kind_display(), title="kind", order="kind")
    shown_above = column(lambda row: in_words(row.above, row.currency), title="needs a second person")
    shown_reason = column(shortened, "reason", title="reason")
    shown_writer = column(shown_person, "written_by", title="proposed by")
    since = column(
        lambda row: instant(row.approved_at) if row.approved_at else chip("Not in force", "orange"),
        title="in force since",
        order="approved_at",
    )

    def has_change_permission(self, request: HttpRequest, obj: ApprovalThreshold | None = None) -> bool:
        """A threshold is replaced by a later one, never edited."""
        return False

    def save_model(self, request: HttpRequest, obj: ApprovalThreshold, form: Any, change: bool) -> None:  # noqa: FBT001 -- Django's
        propose(obj, by=person(request), at=now())
        messages.info(request, "A second person finds it under Approvals. Until then, nothing changes.")
