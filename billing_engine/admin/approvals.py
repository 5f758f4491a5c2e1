"""The inbox of approvals: the list of requests, and the page of each with what changes, its effect, and the decision."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.utils.timezone import now
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminTextareaWidget

from billing_engine.core.admin_kit.cells import chip, instant, link_to, list_of, shortened
from billing_engine.core.admin_kit.columns import column
from billing_engine.core.admin_kit.dialogs import Dialog, Done, OnlyConfirmed, button, person
from billing_engine.core.admin_kit.menu import Item, Waits, in_menu
from billing_engine.core.admin_kit.pages import ReadOnlyPage
from billing_engine.core.admin_kit.task_cards import STATE_COLOURS, shown_person
from billing_engine.core.approvals.inbox import to_decide
from billing_engine.core.approvals.kinds import kind_of
from billing_engine.core.approvals.requests import (
    approve,
    changed_since,
    check_may_approve,
    check_may_send_back,
    send_back,
    subject_of,
    withdraw,
)
from billing_engine.core.models import ApprovalRequest

VIEW = "core.view_approvalrequest"

in_menu(
    "Waiting",
    10,
    Item(
        "Approvals",
        "how_to_reg",
        "admin:core_approvalrequest_changelist",
        VIEW,
        query="?state__exact=waiting",
        waits=Waits(VIEW, to_decide),
    ),
)


class Remark(forms.Form):
    """What the person who approves adds, if anything."""

    words = forms.CharField(
        label="Remark", required=False, max_length=500, widget=UnfoldAdminTextareaWidget({"rows": 2})
    )


class WhatToChange(forms.Form):
    """What the person who asked should change."""

    words = forms.CharField(
        label="What should change?", max_length=500, widget=UnfoldAdminTextareaWidget({"rows": 3, "autofocus": True})
    )


def _is_waiting(request: ApprovalRequest) -> bool:
    return request.is_waiting


def _kind(request: ApprovalRequest) -> str:
    return kind_of(request.kind).words


def _subject(request: ApprovalRequest) -> str:
    subject: Model | None = subject_of(request)
    name = request.subject_name
    return link_to(kind_of(request.kind).page(subject), name) if subject else shortened(f"{name} (deleted)")


@admin.register(ApprovalRequest)
class ApprovalRequestAdmin(ReadOnlyPage[ApprovalRequest]):
    change_form_template = "core/approval.html"
    list_display = ("shown_subject", "shown_kind", "shown_reason", "shown_asker", "shown_asked_at", "state_chip")
    list_filter = (("state", ChoicesDropdownFilter),)
    search_fields = ("subject_name", "reason")
    search_help_text = "Name, reason"
    ordering = ("-pk",)
    related = ("asked_by", "decided_by")
    nothing_yet = "Nothing was submitted for approval yet."
    fieldsets = (
        (
            "Request",
            {
                "fields": (
                    ("subject_link", "shown_kind"),
                    ("shown_asker", "shown_asked_at"),
                    "shown_reason",
                    "state_chip",
                )
            },
        ),
        ("Decision", {"fields": (("shown_decider", "shown_decided_at"), "shown_words")}),
    )
    actions_detail: Any = ("approve_request", "send_back_request", "withdraw_request")

    shown_subject = column(shortened, "subject_name", title="what", order="subject_name")
    subject_link = column(_subject, title="what")
    shown_kind = column(_kind, title="kind", order="kind")
    shown_reason = column(shortened, "reason", title="reason")
    shown_asker = column(shown_person, "asked_by", title="asked by")
    shown_asked_at = column(instant, "asked_at", title="asked at", order="asked_at")
    shown_decider = column(shown_person, "decided_by", title="decided by")
    shown_decided_at = column(instant, "decided_at", title="decided at")
    shown_words = column(shortened, "words", title="remark")
    state_chip = column(
        lambda request: chip(request.get_state_display(), STATE_COLOURS[request.state]), title="state", order="state"
    )

    def get_fieldsets(self, request: HttpRequest, obj: ApprovalRequest | None = None) -> Any:
        """Leave out the decision until there is one."""
        return self.fieldsets[:1] if obj is None or obj.is_waiting else self.fieldsets

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        row: ApprovalRequest = kwargs["obj"]
        context["differences"] = row.differences
        context["effect"] = kind_of(row.kind).effect(row, now())
        context["changed_since"] = row.is_waiting and changed_since(row)
        return super().render_change_form(request, context, *args, **kwargs)

    @button(
        "Approve",
        permission=VIEW,
        icon="check",
        variant=ActionVariant.PRIMARY,
        offered=_is_waiting,
        guard=lambda request, by: check_may_approve(request, subject_of(request), by),
        needs_recent_login=True,  # it may issue, void or change where money goes
        asks=Dialog(
            title=lambda request: f"Approve “{request}”?",
            says="It takes effect at once. The remark is kept with the request.",
            form=Remark,
        ),
    )
    def approve_request(self, request: HttpRequest, row: ApprovalRequest, answers: dict[str, Any]) -> Done:
        approve(row, by=person(request), at=now(), reason=answers["words"])
        return Done(f"Approved: {row}.", list_of("core.approvalrequest", state__exact="waiting"))

    @button(
        "Send back",
        permission=VIEW,
        icon="undo",
        offered=_is_waiting,
        guard=check_may_send_back,
        only_for=lambda request, by: by.pk != request.asked_by_id,
        asks=Dialog(
            title=lambda request: f"Send “{request}” back?",
            says=lambda request: f"{shown_person(request.asked_by)} sees what you write, and can ask again.",
            form=WhatToChange,
        ),
    )
    def send_back_request(self, request: HttpRequest, row: ApprovalRequest, answers: dict[str, Any]) -> Done:
        send_back(row, by=person(request), at=now(), words=answers["words"])
        return Done(f"Sent back: {row}.", list_of("core.approvalrequest", state__exact="waiting"))

    @button(
        "Withdraw",
        permission=VIEW,
        icon="backspace",
        offered=_is_waiting,
        only_for=lambda request, by: by.pk == request.asked_by_id,
        asks=Dialog(
            title=lambda request: f"Withdraw your request for “{request}”?",
            says="Nothing changes, and you can ask again.",
            form=OnlyConfirmed,
        ),
    )
    def withdraw_request(self, request: HttpRequest, row: ApprovalRequest, answers: dict[str, Any]) -> Done:
        withdraw(row, by=person(request), at=now())
        return Done("Request withdrawn.")
