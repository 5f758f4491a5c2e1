"""Passwords: who may try, from where, and what is said."""

import logging
from hashlib import sha256
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.core.internal import ratelimit
from django.contrib import messages
from django.contrib.auth.models import User
from django.core.cache import cache
from django.core.mail import EmailMessage
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import urlencode

from billing_engine.accounts.domain import logins
from billing_engine.accounts.domain.customer_people import has_verified, is_of_a_customer
from billing_engine.accounts.login.door import is_portal
from billing_engine.accounts.login.reset_mail import reset_message
from billing_engine.core.access.recent_login import is_recent
from billing_engine.core.deeds import origin
from billing_engine.engine_settings.login_settings import ATTEMPT_MINUTES, PROVIDER

logger = logging.getLogger(__name__)

RESET = "account/email/password_reset_key"
LOCKED = f"Too many failed attempts. Wait {ATTEMPT_MINUTES} minutes, or log in with a passkey."
# What allauth's own messages become; it shows none of the others.
SAID = {
    "mfa/messages/totp_activated.txt": "Authenticator app added.",
    "mfa/messages/totp_deactivated.txt": "Authenticator app removed.",
    "mfa/messages/webauthn_added.txt": "Passkey added.",
    "mfa/messages/webauthn_removed.txt": "Passkey removed.",
    "mfa/messages/recovery_codes_generated.txt": "New recovery codes made. The earlier ones no longer work.",
    "account/messages/password_changed.txt": "Password changed.",
    "socialaccount/messages/account_connected.txt": "Connected. You can log in with it from now on.",
    "socialaccount/messages/account_connected_other.txt": "Another person uses this account to log in.",
}


class InvitedAdapter(DefaultAccountAdapter):
    """Only invited people log in, each kind at its own door.

    Failed attempts are counted per source, and per name and source together.
    """

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "too_many_login_attempts": LOCKED,
        "username_password_mismatch": "The name or the password is wrong.",
        "incorrect_password": "The password is wrong.",
        "enter_current_password": "The current password is wrong.",
        "incorrect_code": "This code is wrong or was used already.",
    }

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        return reverse("portal_start") if is_portal(request) else reverse("admin:index")

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("portal_start") if is_portal(request) else reverse("admin:index")

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """The same address as in the log and in the deeds: that of the client, if our own proxies sent it."""
        return origin.address() or str(request.META.get("REMOTE_ADDR", ""))

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Refuse further attempts on this name from this source; other sources are not affected."""
        name = str(credentials.get("username", ""))
        key = f"{name.lower()} from {ratelimit.get_ip(request)}"
        self._login_failed_rl_usage = ratelimit.consume(request, app="allauth.account", action="login_failed", key=key)
        if self._login_failed_rl_usage:
            return
        if cache.add(f"locked-out:{sha256(key.encode()).hexdigest()}", value=True, timeout=ATTEMPT_MINUTES * 60):
            logins.locked_out(name, minutes=ATTEMPT_MINUTES)
        raise self.validation_error("too_many_login_attempts")

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        logins.failed(str(credentials.get("username", "")), method=logins.PASSWORD)

    def pre_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse | None:
        is_at_its_door = is_of_a_customer(user) if is_portal(request) else user.is_staff
        if user.is_active and not is_at_its_door:
            kind = "a customer's" if is_portal(request) else "staff"
            logins.failed(user.get_username(), method=f"an account that is not {kind}", user=user)
            return self.respond_user_inactive(request, user)
        return super().pre_login(request, user, **kwargs)

    def get_reset_password_from_key_url(self, key: str) -> str:
        address = f"{reverse('account_password_link')}?{urlencode({'key': key})}"
        return str(self.request.build_absolute_uri(address))

    def send_password_reset_mail(self, user: User, email: str, context: dict[str, Any]) -> None:
        """Only to people who log in here with a password, and whose address is known to be theirs.

        The page says the same in any case.
        """
        is_portals = is_portal(context.get("request") or self.request)
        is_at_its_door = has_verified(user, email) and is_of_a_customer(user) if is_portals else user.is_staff
        if not (is_at_its_door and user.has_usable_password()):
            return
        try:
            super().send_password_reset_mail(user, email, context)
        except OSError as error:
            logger.warning("The link to a new password could not be sent: %s", type(error).__name__)

    def render_mail(
        self,
        template_prefix: str,
        email: str | list[str],
        context: dict[str, Any],
        headers: dict[str, str] | None = None,
    ) -> EmailMessage:
        """The link to a new password comes in our own look; allauth sends nothing else."""
        if template_prefix != RESET:
            return super().render_mail(template_prefix, email, context, headers)
        to = [email] if isinstance(email, str) else email
        return reset_message(
            to,
            name=context["user"].get_username(),
            link=context["password_reset_url"],
            at_portal=is_portal(context.get("request") or self.request),
        )

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        return not is_recent(context.request)

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """A password, a second factor, or the identity provider, for those who come by it."""
        found: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        for each in found:
            each["description"] = WORDS[each["id"]]
        if user.is_authenticated and user.socialaccount_set.exists():
            address = reverse("openid_connect_login", kwargs={"provider_id": PROVIDER})
            again = urlencode({"process": "login", "auth_params": "prompt=login"})
            found.append({"id": "provider", "description": "Use the identity provider", "url": f"{address}?{again}"})
        return found

    def add_message(
        self, request: HttpRequest, level: int, message_template: str | None = None, *args: Any, **kwargs: Any
    ) -> None:
        text = SAID.get(message_template or "", "")
        if text:
            messages.add_message(request, level, text)


WORDS = {
    "reauthenticate": "Use your password",
    "mfa_reauthenticate": "Use a code",
    "mfa_reauthenticate:webauthn": "Use a passkey",
}
