"""What Django and allauth report: each log-in, log-out and change of a factor is one deed."""

from typing import Any

from allauth.account import signals as account
from allauth.account.internal.flows.login import get_authentication_records
from allauth.core import context
from allauth.mfa import signals as mfa
from allauth.mfa.models import Authenticator
from allauth.socialaccount import signals as provider
from django.contrib.auth import signals as auth
from django.contrib.auth.models import User
from django.db.models.signals import post_save
from django.http import HttpRequest

from billing_engine.accounts.domain import logins, second_factor
from billing_engine.accounts.login import middleware
from billing_engine.core.access.recent_login import confirm

CODES = Authenticator.Type.RECOVERY_CODES


def connect() -> None:
    """Listen to them all."""
    for signal, receiver in {
        auth.user_logged_in: session_begins,
        auth.user_logged_out: logged_out,
        account.user_logged_in: logged_in,
        account.authentication_step_completed: confirmed,
        account.password_changed: password_changed,
        account.password_reset: password_reset,
        mfa.authenticator_removed: factor_removed,
        mfa.authentication_failed: code_failed,
        provider.social_account_added: provider_connected,
    }.items():
        signal.connect(receiver)
    # Not allauth's own signals, which come after the commit.
    post_save.connect(factor_stored, sender=Authenticator)


def session_begins(request: HttpRequest | None = None, **_: Any) -> None:
    if request is not None and hasattr(request, "session"):
        middleware.begin(request)
        confirm(request)


def logged_in(request: HttpRequest, user: User, **_: Any) -> None:
    methods = [str(each.get("type") or each["method"]) for each in get_authentication_records(request, user)]
    logins.logged_in(user, methods=methods)


def logged_out(request: HttpRequest, user: User | None, **_: Any) -> None:
    if user is not None:
        logins.logged_out(user, reason=getattr(request, middleware.ENDED, ""))


def confirmed(request: HttpRequest, *, reauthenticated: bool = False, **_: Any) -> None:
    if reauthenticated:
        confirm(request)


def password_changed(user: User, **_: Any) -> None:
    logins.password_changed(user)


def password_reset(user: User, **_: Any) -> None:
    logins.password_changed(user, reason="By a link that was sent by email")


def factor_stored(instance: Authenticator, *, created: bool, **_: Any) -> None:
    if created and instance.type != CODES:
        second_factor.added(instance.user, instance)
    elif created and context.request.resolver_match.url_name == "mfa_generate_recovery_codes":
        second_factor.codes_renewed(instance.user)  # others come with the first factor


def factor_removed(request: HttpRequest, user: User, authenticator: Authenticator, **_: Any) -> None:
    if authenticator.type != CODES:  # they go with the last factor
        request.session.pop(middleware.HAS_FACTOR, None)
        second_factor.removed(user, authenticator)


def code_failed(user: User, **_: Any) -> None:
    logins.failed(user.get_username(), method=logins.CODE, user=user)


def provider_connected(sociallogin: Any, **_: Any) -> None:
    logins.provider_connected(sociallogin.user)
