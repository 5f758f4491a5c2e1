"""The page that an invitation leads to: looking at it changes nothing, because mail scanners open links too."""

from allauth.account.internal.flows.login import perform_login
from allauth.account.models import Login
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from billing_engine.accounts.domain.invitations import InvitationOver, accept, invitation_of
from billing_engine.accounts.login.first_password import FirstPasswordForm
from billing_engine.accounts.login.provider import INVITATION
from billing_engine.engine_settings.login_settings import PROVIDER


@sensitive_post_parameters("password", "again")
@never_cache
def invitation_page(request: HttpRequest) -> HttpResponseBase:
    """Show the invitation; POST accepts it with a password and logs the person in.

    The token follows the question mark, because logs hold only what is before it.
    """
    token = request.GET.get("token", "")
    try:
        invitation = invitation_of(token, at=now())
        form = FirstPasswordForm(request.POST or None, email=invitation.email, name=invitation.name)
        if request.method == "POST" and form.is_valid():
            user = accept(token, password=form.cleaned_data["password"], at=now())
            return perform_login(request, Login(user=user))
    except InvitationOver as refusal:
        words = {"title": "This invitation is over", "words": str(refusal), "back": reverse("account_login")}
        return render(request, "core/refused_bare.html", words, status=410)
    has_provider = bool(settings.IDENTITY_PROVIDER["issuer"])
    if has_provider:
        request.session[INVITATION] = token  # for the identity provider's answer
    context = {
        "title": "Set up your log-in",
        "invitation": invitation,
        "form": form,
        "provider": settings.IDENTITY_PROVIDER if has_provider else None,
        "provider_address": reverse("openid_connect_login", kwargs={"provider_id": PROVIDER}),
    }
    return TemplateResponse(request, "accounts/invitation.html", context)
