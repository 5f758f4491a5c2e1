"""What superusers do about a person: roles, lost second factors, sessions, deactivation."""

from typing import Any

from django import forms
from django.contrib.auth.models import Group, User
from django.http import HttpRequest
from django.utils.timezone import now
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldBooleanWidget

from billing_engine.accounts.domain.factor_reset import (
    approve_reset,
    ask_for_reset,
    check_may_approve,
    check_may_ask,
    decline_reset,
    open_reset,
)
from billing_engine.accounts.domain.people import activate, check_may_deactivate, deactivate
from billing_engine.accounts.domain.roles import change_roles, check_may_change_roles, roles_by_hand
from billing_engine.accounts.domain.second_factor import has_one
from billing_engine.accounts.domain.sessions import end_sessions, has_session
from billing_engine.core.admin_kit.dialogs import Dialog, Done, WithReason, button, person

MANAGE = "auth.change_user"


class RolesForm(WithReason):
    """The roles that an administrator gives, and why they change."""

    roles = forms.ModelMultipleChoiceField(
        Group.objects.order_by("name"), required=False, widget=UnfoldAdminCheckboxSelectMultipleWidget
    )
    is_superuser = forms.BooleanField(
        label="Superuser",
        required=False,
        widget=UnfoldBooleanWidget,
        help_text="May do everything, and manages people and roles.",
    )
    field_order = ("roles", "is_superuser", "reason")


def name_of(user: User) -> str:
    """What a dialog calls the person."""
    return user.get_full_name() or user.get_username()


class PersonButtons:
    """The buttons of a person's page."""

    @button(
        "Change roles",
        permission=MANAGE,
        icon="badge",
        variant=ActionVariant.PRIMARY,
        guard=check_may_change_roles,
        needs_recent_login=True,
        asks=Dialog(
            title=lambda user: f"Change the roles of {name_of(user)}",
            says="The change applies at once. Roles from the identity provider follow its groups and stay.",
            form=RolesForm,
            first=lambda user: {"roles": roles_by_hand(user), "is_superuser": user.is_superuser},
        ),
    )
    def change_roles(self, request: HttpRequest, user: User, answers: dict[str, Any]) -> Done:
        change_roles(user, **answers, by=person(request))
        return Done("Roles changed.")

    @button(
        "Reset second factor",
        permission=MANAGE,
        icon="phonelink_erase",
        offered=lambda user: has_one(user) and not open_reset(user),
        guard=check_may_ask,
        needs_recent_login=True,
        asks=Dialog(
            title=lambda user: f"Ask to reset the second factor of {name_of(user)}?",
            says="For a lost phone or key. Make sure that it is really them who asks. Another superuser must approve it; "
            "then their second factors and recovery codes are removed and their sessions end.",
            form=WithReason,
        ),
    )
    def reset_factor(self, request: HttpRequest, user: User, answers: dict[str, Any]) -> Done:
        ask_for_reset(user, **answers, by=person(request), at=now())
        return Done("Another superuser can approve it on this page.")

    @button(
        "Approve reset",
        permission=MANAGE,
        icon="check",
        variant=ActionVariant.PRIMARY,
        offered=lambda user: open_reset(user) is not None,
        guard=check_may_approve,
        needs_recent_login=True,
        asks=Dialog(
            title=lambda user: f"Reset the second factor of {name_of(user)}?",
            says="Their second factors and recovery codes are removed, and their sessions end.",
            is_dangerous=True,
        ),
    )
    def approve_reset(self, request: HttpRequest, user: User, answers: dict[str, Any]) -> Done:
        approve_reset(user, by=person(request), at=now())
        return Done("Second factor reset.")

    @button(
        "Decline reset",
        permission=MANAGE,
        icon="close",
        offered=lambda user: open_reset(user) is not None,
        asks=Dialog(title="Leave the second factor as it is?", form=WithReason),
    )
    def decline_reset(self, request: HttpRequest, user: User, answers: dict[str, Any]) -> Done:
        decline_reset(user, **answers, by=person(request), at=now())
        return Done("Declined.")

    @button(
        "End sessions",
        permission=MANAGE,
        icon="logout",
        offered=has_session,
        needs_recent_login=True,
        asks=Dialog(title=lambda user: f"Log {name_of(user)} out everywhere?"),
    )
    def end_sessions(self, request: HttpRequest, user: User, answers: dict[str, Any]) -> Done:
        return Done(f"Ended: {end_sessions(user, by=person(request))}")

    @button(
        "Deactivate",
        permission=MANAGE,
        icon="block",
        offered=lambda user: user.is_active,
        guard=check_may_deactivate,
        needs_recent_login=True,
        asks=Dialog(
            title=lambda user: f"Deactivate {name_of(user)}?",
            says="They are logged out at once and can't log in again. What they did stays on record.",
            form=WithReason,
            is_dangerous=True,
        ),
    )
    def deactivate(self, request: HttpRequest, user: User, answers: dict[str, Any]) -> Done:
        deactivate(user, **answers, by=person(request))
        return Done("Deactivated.")

    @button(
        "Activate",
        permission=MANAGE,
        icon="check",
        offered=lambda user: not user.is_active,
        needs_recent_login=True,
        asks=Dialog(
            title=lambda user: f"Activate {name_of(user)}?",
            says="They can log in again, with the roles they had.",
            form=WithReason,
        ),
    )
    def activate(self, request: HttpRequest, user: User, answers: dict[str, Any]) -> Done:
        activate(user, **answers, by=person(request))
        return Done("Activated.")
