"""The people who may log in: what they may do, how they prove who they are, and what ends it."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import action
from unfold.enums import ActionVariant

from billing_engine.accounts.domain.second_factor import NAMES
from billing_engine.accounts.login.own_pages import browser_of
from billing_engine.accounts.models import RoleGrant
from billing_engine.admin.person_buttons import PersonButtons
from billing_engine.admin.superusers import SuperusersOnly
from billing_engine.core.access.pages import needs
from billing_engine.core.admin_kit.cells import NOTHING, active, chip, chips, instant, shortened, together
from billing_engine.core.admin_kit.columns import column
from billing_engine.core.admin_kit.pages import ReadOnlyPage, ReadOnlyRows

# The library's own pages would show secrets, and let a superuser change them without a trace.
for model in (Authenticator, EmailAddress, SocialAccount, SocialApp, SocialToken, User, UserSession):
    admin.site.unregister(model)

CODES = Authenticator.Type.RECOVERY_CODES


def roles_of(user: User) -> SafeString | str:
    """The person's roles; superusers are seen as such."""
    roles = chips([role.name for role in user.groups.all()])
    if user.is_superuser:
        return together([chip("Superuser", "orange"), roles])
    return roles if user.groups.all() else NOTHING


def factors_of(user: Any) -> SafeString | str:
    """The kinds of second factor that the person has."""
    kinds = sorted({NAMES[each.type].capitalize() for each in user.authenticator_set.all() if each.type != CODES})
    return chips(kinds, "green") if kinds else chip("None")


def sources_of_roles(user: User) -> SafeString | str:
    """Which roles come from the identity provider."""
    provided = [each for each in user.role_grants.all() if each.source == RoleGrant.Source.PROVIDER]
    return format_html_join(", ", "{}", ((each.role.name,) for each in provided)) if provided else NOTHING


def open_reset_of(user: User) -> str:
    """The open request to reset the second factor."""
    waiting = [each for each in user.factor_resets.all() if each.decided_at is None]
    return f"Asked by {waiting[0].asked_by}: {waiting[0].reason}" if waiting else NOTHING


class SessionRows(ReadOnlyRows):
    """Where the person is logged in."""

    model = UserSession
    verbose_name_plural = "sessions"
    fields = ("browser", "address", "since", "seen")
    ordering = ("-last_seen_at",)

    address = column(str, "ip", title="address")
    browser = column(browser_of, "user_agent", title="browser")
    since = column(instant, "created_at", title="since")
    seen = column(instant, "last_seen_at", title="last seen")


@admin.register(User)
class PersonAdmin(SuperusersOnly, PersonButtons, ReadOnlyPage[User]):
    """People are never deleted, because their deeds name them; they are deactivated."""

    list_display = ("shown_name", "shown_email", "kind", "roles", "factors", "seen", "state", "sessions")
    list_filter = ("is_staff", "groups", "is_superuser", "is_active")
    search_fields = ("username__istartswith", "first_name__istartswith", "last_name__istartswith", "email__istartswith")
    ordering = ("username",)
    fieldsets = (
        (None, {"fields": (("shown_name", "login_name"), ("shown_email", "state"), ("kind",))}),
        ("Roles", {"fields": (("roles", "provided"),)}),
        ("Log-in", {"fields": (("factors", "reset"), ("seen", "joined"))}),
    )
    inlines = (SessionRows,)
    actions_list: Any = ("invite",)
    actions_detail: Any = (
        *("change_roles", "reset_factor", "approve_reset", "decline_reset"),
        *("end_sessions", "deactivate", "activate"),
    )

    shown_name = column(
        shortened, lambda user: user.get_full_name() or user.get_username(), title="name", order="username"
    )
    shown_email = column(shortened, "email", title="email", order="email")
    login_name = column(str, "username", title="logs in as")
    kind = column(lambda user: "Staff" if user.is_staff else "Customer", title="kind", order="is_staff")
    roles = column(roles_of, title="roles")
    provided = column(sources_of_roles, title="from the identity provider")
    factors = column(factors_of, title="second factor")
    reset = column(open_reset_of, title="reset")
    seen = column(instant, "last_login", title="last log-in", order="last_login", empty="never")
    joined = column(instant, "date_joined", title="since")
    state = column(active, "is_active", title="state", order="is_active")
    sessions = column(lambda user: str(user.session_count or NOTHING), title="sessions")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Each person with roles, second factors, sessions and open reset."""
        found: QuerySet[User] = super().get_queryset(request)
        found = found.annotate(session_count=Count("usersession", distinct=True))
        return found.prefetch_related("groups", "authenticator_set", "role_grants__role", "factor_resets__asked_by")

    @needs("auth.add_user")
    @action(description="Invite a person", icon="person_add", variant=ActionVariant.PRIMARY, url_path="invite")
    def invite(self, request: HttpRequest) -> HttpResponseRedirect:
        """Open the form of an invitation, which only superusers see."""
        return HttpResponseRedirect(reverse("admin:accounts_invitation_add"))
