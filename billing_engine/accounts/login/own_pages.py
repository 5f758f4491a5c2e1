"""A person's own log-in: sessions, second factor, password."""

from allauth.account import views as account
from allauth.account.views._password_reset import INTERNAL_RESET_SESSION_KEY, PasswordResetFromKeyView
from allauth.mfa.base import views as mfa
from allauth.socialaccount.providers.openid_connect import views as openid_connect
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse

from billing_engine.accounts.domain.second_factor import is_missing
from billing_engine.accounts.domain.sessions import end_session, sessions_of
from billing_engine.core.admin_kit.dialogs import person
from billing_engine.core.validation import key_of


@login_required
def sessions_page(request: HttpRequest) -> HttpResponseBase:
    """List the person's sessions; POST ends one of them."""
    user = person(request)
    if request.method == "POST" and (key := key_of(request.POST.get("session", ""))) is not None:
        session = get_object_or_404(UserSession, user=user, pk=key)
        if session.session_key == request.session.session_key:
            logout(request)
            return HttpResponseRedirect(reverse("account_login"))
        end_session(session, by=user)
        messages.success(request, "Session ended.")
        return HttpResponseRedirect(request.path)
    rows = [
        {
            "row": each,
            "is_this": each.session_key == request.session.session_key,
            "browser": browser_of(each.user_agent),
        }
        for each in sessions_of(user)
    ]
    return TemplateResponse(request, "accounts/sessions.html", {"title": "Your sessions", "rows": rows})


@login_required
def second_factor_page(request: HttpRequest) -> HttpResponseBase:
    """Show the person's second factors, and whether one is missing."""
    response: HttpResponseBase = mfa.index(request)
    if isinstance(response, TemplateResponse):
        response.context_data = (response.context_data or {}) | {"must_add_factor": is_missing(person(request))}
    return response


@login_required
def password_page(request: HttpRequest) -> HttpResponseBase:
    """Change the password; who comes by the identity provider has none."""
    if not person(request).has_usable_password():
        raise Http404
    return account.password_change(request)


def password_link(request: HttpRequest) -> HttpResponseBase:
    """Take the key of a link, which no log holds because it follows the question mark, and go on without it."""
    person_id, _, key = request.GET.get("key", "").partition("-")
    request.session[INTERNAL_RESET_SESSION_KEY] = key
    uid = person_id if person_id.isascii() and person_id.isalnum() else "0"  # of no person
    form = {"uidb36": uid, "key": PasswordResetFromKeyView.reset_url_key}
    return HttpResponseRedirect(reverse("account_reset_password_from_key", kwargs=form))


def provider_page(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """Lead to the identity provider by a page: browsers let no form of ours be redirected to another site."""
    response = openid_connect.login(request, provider_id)
    if isinstance(response, HttpResponseRedirect) and request.method == "POST":
        return TemplateResponse(request, "accounts/leaving.html", {"title": "One moment", "address": response.url})
    return response


BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
SYSTEMS = (
    *(("Windows", "Windows"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android")),
    *(("Mac OS", "macOS"), ("Linux", "Linux")),
)


def browser_of(agent: str) -> str:
    """Name the browser and the system in a user agent, such as `Firefox on Windows`."""
    browser = next((name for mark, name in BROWSERS if mark in agent), "Another program")
    system = next((name for mark, name in SYSTEMS if mark in agent), "")
    return f"{browser} on {system}" if system else browser
