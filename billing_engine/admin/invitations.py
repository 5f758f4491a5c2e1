"""Invitations of new staff."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.timezone import now
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from billing_engine.accounts.domain.invitation_mail import MailNotSent, send
from billing_engine.accounts.domain.invitations import AlreadyKnown, check_unknown, invite, link_token, renew, withdraw
from billing_engine.accounts.models import Invitation
from billing_engine.admin.superusers import SuperusersOnly
from billing_engine.core.admin_kit.cells import NOTHING, chip, chips, instant, shortened
from billing_engine.core.admin_kit.columns import column
from billing_engine.core.admin_kit.dialogs import Dialog, Done, WithReason, button, person
from billing_engine.core.admin_kit.pages import Page


class InvitationForm(forms.ModelForm[Invitation]):
    """Whom to invite, and with which roles."""

    class Meta:
        model = Invitation
        fields = ("name", "email", "roles")
        widgets = {"roles": UnfoldAdminCheckboxSelectMultipleWidget}
        help_texts = {"email": "The link goes here. It is also the name for logging in."}

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"].strip()
        try:
            check_unknown(email)
        except AlreadyKnown as refusal:
            raise forms.ValidationError(str(refusal)) from refusal
        return email


def state(invitation: Invitation) -> SafeString:
    """Whether the invitation is open, or how it ended."""
    if invitation.accepted_at:
        return chip("Accepted", "green")
    if invitation.withdrawn_at:
        return chip("Withdrawn")
    return chip("Expired", "orange") if invitation.expires_at <= now() else chip("Open", "blue")


@admin.register(Invitation)
class InvitationAdmin(SuperusersOnly, Page[Invitation]):
    form = InvitationForm
    needs_recent_login = True
    list_display = ("name", "shown_email", "shown_roles", "state", "by", "sent", "expires")
    ordering = ("-pk",)
    related = ("invited_by", "accepted_by")
    fields = ("name", "shown_email", "shown_roles", "state", "by", ("sent", "expires"))
    actions_detail: Any = ("send_again", "withdraw")
    nothing_yet = "There are no invitations yet."

    shown_email = column(shortened, "email", title="email", order="email")
    shown_roles = column(lambda row: chips([role.name for role in row.roles.all()]), title="roles")
    state = column(state, title="state")
    by = column(str, "invited_by", title="invited by", order="invited_by__username")
    sent = column(instant, "sent_at", title="sent", order="sent_at")
    expires = column(instant, "expires_at", title="expires", order="expires_at", empty=NOTHING)

    def has_change_permission(self, request: HttpRequest, obj: Invitation | None = None) -> bool:
        return False

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None) -> Any:
        """The form, with one button."""
        shown = {"show_save_and_add_another": False, "show_save_and_continue": False} | (extra_context or {})
        return super().add_view(request, form_url, shown)

    def get_fields(self, request: HttpRequest, obj: Invitation | None = None) -> Any:
        return self.fields if obj else InvitationForm.Meta.fields

    def get_readonly_fields(self, request: HttpRequest, obj: Invitation | None = None) -> tuple[str, ...]:
        return ("shown_email", "shown_roles", "state", "by", "sent", "expires") if obj else ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Invitation]:
        """Each invitation with its roles."""
        return super().get_queryset(request).prefetch_related("roles")

    def save_model(self, request: HttpRequest, obj: Invitation, form: Any, change: bool) -> None:  # noqa: FBT001 -- Django's
        given = form.cleaned_data
        made = invite(email=given["email"], name=given["name"], roles=given["roles"], by=person(request), at=now())
        obj.pk = made.pk
        transaction.on_commit(lambda: send_link(request, made))

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # noqa: FBT001 -- Django's
        """The roles were stored with the invitation."""

    @button(
        "Send again",
        permission="auth.change_user",
        icon="send",
        variant=ActionVariant.PRIMARY,
        offered=lambda invitation: invitation.is_open,
        needs_recent_login=True,
        asks=Dialog(
            title=lambda invitation: f"Send {invitation.name} a new link?",
            says="Earlier links no longer work. The new one works once, until it expires.",
        ),
    )
    def send_again(self, request: HttpRequest, invitation: Invitation, answers: dict[str, Any]) -> Done:
        renewed = renew(invitation, by=person(request), at=now())
        send(renewed, link=link_to(request, renewed))
        return Done("Sent again.")

    @button(
        "Withdraw",
        permission="auth.change_user",
        icon="block",
        offered=lambda invitation: invitation.is_open,
        needs_recent_login=True,
        asks=Dialog(
            title=lambda invitation: f"Withdraw the invitation of {invitation.name}?",
            says="The link no longer works.",
            form=WithReason,
            is_dangerous=True,
        ),
    )
    def withdraw(self, request: HttpRequest, invitation: Invitation, answers: dict[str, Any]) -> Done:
        withdraw(invitation, by=person(request), reason=answers["reason"], at=now())
        return Done("Withdrawn.")


def send_link(request: HttpRequest, invitation: Invitation) -> None:
    """Send the link; if that fails, say so, and that it can be sent again."""
    try:
        send(invitation, link=link_to(request, invitation))
    except MailNotSent as refusal:
        messages.warning(request, str(refusal))


def link_to(request: HttpRequest, invitation: Invitation) -> str:
    """The address that accepts the invitation."""
    return request.build_absolute_uri(f"{reverse('account_invitation')}?{urlencode({'token': link_token(invitation)})}")
