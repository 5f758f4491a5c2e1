"""The page that an invitation leads to: looking at it changes nothing, because mail scanners open links too."""

from allauth.account.internal.flows.login import perform_login
from allauth.account.models import Login
from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.timezone import now
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from billing_engine.accounts.domain.customer_people import person_with
from billing_engine.accounts.domain.invitation_mail import MailNotSent
from billing_engine.accounts.domain.invitations import InvitationOver
from billing_engine.accounts.login.first_password import FirstPasswordForm
from billing_engine.core.deeds import origin
from billing_engine.core.errors import Refused
from billing_engine.core.rate_limit import wait_for_turn
from leads.domain.memberships.invitations import (
    accept_as,
    accept_as_new,
    invitation_of,
    link_token,
    open_invitations_to,
    send,
    with_a_link,
)
from leads.models import MemberInvitation
from portal.entrance.forms import NewLinkForm

LINKS_PER_MINUTE = 5


@sensitive_post_parameters("password", "again")
@never_cache
def invitation_page(request: HttpRequest) -> HttpResponseBase:
    """Show the invitation with a button; POST accepts it.

    The token follows the question mark, because logs hold only what is before it.
    """
    token = request.GET.get("token", "")
    try:
        invitation = invitation_of(token, at=now())
        if person_with(invitation.email) is None:
            return _as_new(request, invitation, token)
        return _as_known(request, invitation, token)
    except InvitationOver:
        return _over(request)
    except Refused as refusal:
        return _shown(request, "This invitation can't be accepted", words=str(refusal), status=403)


def _as_new(request: HttpRequest, invitation: MemberInvitation, token: str) -> HttpResponseBase:
    form = FirstPasswordForm(request.POST or None, email=invitation.email, name=invitation.name)
    if request.method == "POST" and form.is_valid():
        person = accept_as_new(token, password=form.cleaned_data["password"], at=now())
        response: HttpResponseBase = perform_login(request, Login(user=person.user))
        return response
    return _shown(request, "Set up your log-in", invitation=invitation, form=form, presses="Set password and log in")


def _as_known(request: HttpRequest, invitation: MemberInvitation, token: str) -> HttpResponseBase:
    """The person has a log-in already, and one more portal opens to it."""
    if not isinstance(request.user, User):
        back = urlencode({"next": request.get_full_path()})
        login = f"{reverse('account_login')}?{back}"
        return _shown(request, "You have a log-in already", invitation=invitation, login=login)
    if request.method == "POST":
        accept_as(token, person=request.user.customer_person, at=now())
        messages.success(request, f"You belong to the portal of {invitation.customer} now.")
        return HttpResponseRedirect(reverse("portal_start"))
    return _shown(request, "You are invited", invitation=invitation, presses=f"Join {invitation.customer}")


def _over(request: HttpRequest) -> HttpResponseBase:
    """The link no longer works; if the address is still invited, a new one is sent to it."""
    form = NewLinkForm(request.POST if "email" in request.POST else None)
    if request.method == "POST" and form.is_valid():
        _send_again(request, form.cleaned_data["email"])
        words = "If the address is still invited, a new link comes within a few minutes."
        return _shown(request, "Look at your email", words=words)
    words = "It worked once, or until it expired. Give your address. If it is still invited, a new link comes."
    return _shown(request, "This link no longer works", words=words, form=form, presses="Send a new link", status=410)


def _send_again(request: HttpRequest, email: str) -> None:
    """Nothing on the page tells whether the address is invited."""
    if wait_for_turn(f"invitation-link:{origin.address()}", per_minute=LINKS_PER_MINUTE):
        return
    if wait_for_turn(f"invitation-link-to:{email.lower()}", per_minute=LINKS_PER_MINUTE):  # from many sources
        return
    for invitation in open_invitations_to(email):
        try:
            working = with_a_link(invitation, at=now())
            send(working, link=link_of(request, working))
        except (InvitationOver, MailNotSent):
            continue


def link_of(request: HttpRequest, invitation: MemberInvitation) -> str:
    """Return the address that the email carries."""
    path = f"{reverse('portal_invitation')}?{urlencode({'token': link_token(invitation)})}"
    return request.build_absolute_uri(path)


def _shown(request: HttpRequest, title: str, *, status: int = 200, **context: object) -> HttpResponseBase:
    return TemplateResponse(request, "portal/entrance/invitation.html", {"title": title, **context}, status=status)
