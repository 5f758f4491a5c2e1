"""The identity provider (OpenID Connect): whom it vouches for, and the roles of their groups."""

import logging
from hashlib import sha256
from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from django.conf import settings
from django.http import HttpRequest
from django.shortcuts import render
from django.urls import reverse
from django.utils.timezone import now

from billing_engine.accounts.domain import logins
from billing_engine.accounts.domain.invitations import accept_from_provider
from billing_engine.accounts.domain.roles import take_roles_from_provider
from billing_engine.core.errors import Refused

logger = logging.getLogger(__name__)

INVITATION = "invitation"  # in the session: the token of the invitation that is being accepted


class Provider(OpenIDConnectProvider):
    """A person is the issuer and the subject together: an email address can pass to another person."""

    def extract_uid(self, data: dict[str, Any]) -> str:
        token, userinfo = data.get("id_token") or {}, data.get("userinfo") or {}
        issuer, subject = str(token.get("iss", "")), str(token.get("sub", ""))
        if not subject or issuer.rstrip("/") != str(self.app.settings["server_url"]).rstrip("/"):
            raise OAuth2Error("The ID token is of another issuer.")
        if userinfo and userinfo.get("sub") != subject:
            raise OAuth2Error("The user info is of another subject.")
        return sha256(f"{issuer}\n{subject}".encode()).hexdigest()


class ProviderAdapter(DefaultSocialAccountAdapter):
    """There is no sign-up: people connect the provider themselves, or are invited."""

    def get_provider(self, request: HttpRequest, provider: str, client_id: str | None = None) -> Any:
        found = super().get_provider(request, provider, client_id)
        return Provider(request, app=found.app)

    def list_apps(self, request: HttpRequest, provider: str | None = None, client_id: str | None = None) -> list[Any]:
        """Only the provider of the settings."""
        return [
            app
            for app in super().list_apps(request, provider=provider, client_id=client_id)
            if app.pk is None and settings.IDENTITY_PROVIDER["issuer"]
        ]

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Accept an invitation, if there is one, and give the roles of the person's groups."""
        if sociallogin.state.get("process") == "connect":
            return
        if not sociallogin.is_existing:
            _accept(request, sociallogin)
        if sociallogin.user is not None and sociallogin.is_existing:
            take_roles_from_provider(sociallogin.user, _groups(sociallogin))

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        logins.failed(str(_claims(sociallogin).get("email", "")), method=logins.PROVIDER)
        return False

    def on_authentication_error(
        self, request: HttpRequest, provider: Any, error: Any = None, exception: Exception | None = None, **_: Any
    ) -> None:
        logger.warning("A log-in by the identity provider failed: %s", type(exception).__name__ if exception else error)
        logins.failed("", method=logins.PROVIDER)

    def get_connect_redirect_url(self, request: HttpRequest, socialaccount: Any) -> str:
        return reverse("mfa_index")


def _accept(request: HttpRequest, sociallogin: SocialLogin) -> None:
    token = request.session.pop(INVITATION, None)
    if not token:
        return  # refused by is_open_for_signup
    claims = _claims(sociallogin)
    try:
        user = accept_from_provider(
            token, email=claims.get("email"), is_verified=claims.get("email_verified"), at=now()
        )
    except Refused as refusal:
        logins.failed(str(claims.get("email", "")), method=logins.PROVIDER)
        words = {"title": "This invitation can't be accepted", "words": str(refusal), "back": reverse("account_login")}
        raise ImmediateHttpResponse(render(request, "core/refused_bare.html", words, status=403)) from refusal
    sociallogin.connect(request, user)


def _claims(sociallogin: SocialLogin) -> dict[str, Any]:
    """The ID token's claims, and those of the user info that it lacks."""
    data: dict[str, Any] = sociallogin.account.extra_data
    return {**(data.get("userinfo") or {}), **(data.get("id_token") or {})}


def _groups(sociallogin: SocialLogin) -> list[str]:
    found = _claims(sociallogin).get(settings.OIDC_GROUPS_CLAIM)
    return [str(group) for group in found] if isinstance(found, list) else []
