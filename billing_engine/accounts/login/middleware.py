"""Sessions end after hours of work and after a pause; a required second factor is set up first."""

import time
from collections.abc import Callable

import redis
from allauth.core.exceptions import ReauthenticationRequired
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.timezone import now

from billing_engine.accounts.domain.second_factor import has_one, is_required
from billing_engine.accounts.domain.sessions import note_seen
from billing_engine.accounts.login.door import is_portal
from billing_engine.core.access.recent_login import LoginTooOld

LOGGED_IN_AT, SEEN_AT, HAS_FACTOR, ENDED = "logged_in_at", "seen_at", "has_second_factor", "ended_because"
STAFF_PAGES = "/admin/"
NOTED_EVERY = 60  # seconds: not each request writes
CLOSED = "Log-in is closed for a moment, because failed attempts can't be counted. Try again in a minute."
# What a person without a required second factor can open.
OPEN_WITHOUT_FACTOR = ("mfa_", "account_", "openid_connect_", "socialaccount_")


class SessionMiddleware:
    """Guards every request that comes with a session; those with an API key cost nothing here."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_authenticated:
            why = _over(request)
            if why:
                setattr(request, ENDED, why)
                logout(request)
                messages.warning(request, f"{why} Log in again.")
            else:
                _note(request)
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_: object) -> HttpResponseBase | None:
        """Lead a person without a required second factor to the page that sets it up, and nowhere else."""
        match = request.resolver_match
        if not settings.MFA_REQUIRED_ROLES or match is None or settings.SESSION_COOKIE_NAME not in request.COOKIES:
            return None
        if (match.url_name or "").startswith(OPEN_WITHOUT_FACTOR) or match.url_name in ("login", "logout", "jsi18n"):
            return None
        user = request.user
        if not user.is_authenticated or request.session.get(HAS_FACTOR) or not is_required(user):
            return None
        if has_one(user):
            request.session[HAS_FACTOR] = True
            return None
        return HttpResponseRedirect(reverse("mfa_index"))

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponseBase | None:
        """Ask for a recent log-in, after which the person presses again; refuse log-ins that can't be counted."""
        if isinstance(error, LoginTooOld):
            return confirm_first(request, error.back)
        if isinstance(error, ReauthenticationRequired) and request.user.is_authenticated:
            return confirm_first(request, request.get_full_path())
        match = request.resolver_match
        if isinstance(error, redis.RedisError) and match and (match.url_name or "").startswith(OPEN_WITHOUT_FACTOR):
            words = {"title": "Log-in is closed", "words": CLOSED, "back": reverse("account_login")}
            return render(request, "core/refused_bare.html", words, status=503)
        return None


def confirm_first(request: HttpRequest, back: str) -> HttpResponse:
    """Send the person to the page that confirms who they are, and from there back."""
    address = f"{reverse('account_reauthenticate')}?{urlencode({'next': back})}"
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Redirect": address})
    return HttpResponseRedirect(address)


def begin(request: HttpRequest) -> None:
    """A person has logged in."""
    request.session[LOGGED_IN_AT] = request.session[SEEN_AT] = int(time.time())


def _over(request: HttpRequest) -> str:
    """Why the session is over, in words; empty if it is not."""
    session, at = request.session, time.time()
    if at - session.get(LOGGED_IN_AT, 0) > settings.SESSION_HOURS * 3_600:
        return f"Sessions end after {settings.SESSION_HOURS} hours."
    if request.path.startswith(STAFF_PAGES) and not getattr(request.user, "is_staff", False):
        return "This account is not staff."
    if is_portal(request) and getattr(request.user, "is_staff", False):
        return "Staff log in elsewhere."
    if at - session.get(SEEN_AT, 0) > settings.SESSION_IDLE_MINUTES * 60:
        return f"Sessions end after {settings.SESSION_IDLE_MINUTES} minutes without a request."
    return ""


def _note(request: HttpRequest) -> None:
    """Note that the person is there, once a minute."""
    if time.time() - request.session[SEEN_AT] > NOTED_EVERY:
        request.session[SEEN_AT] = int(time.time())
        note_seen(str(request.session.session_key), at=now())
