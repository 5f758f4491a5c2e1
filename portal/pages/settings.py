"""Settings: the people of the portal, what is required of them, and looks by staff."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from allauth.mfa.models import Authenticator
from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.timezone import now

from billing_engine.accounts.domain.invitation_mail import MailNotSent
from billing_engine.core.calendar.wording import day_in_words
from billing_engine.core.errors import Refused
from billing_engine.core.rate_limit import wait_for_turn
from leads.domain.memberships.invitations import invite, open_invitations, renew, send, withdraw
from leads.domain.memberships.keys import names_of_keys_made_by
from leads.domain.memberships.looks import looks_at
from leads.domain.memberships.members import change_role, members_of, remove
from leads.domain.memberships.portal import require_second_factor
from leads.models import MemberInvitation, MemberRole, Membership
from portal.entrance.joining import link_of
from portal.frame import page
from portal.gate import Visit
from portal.pages.settings_tabs import tabs_of
from portal.words import full_instant, instant, short_day

MAY = {
    MemberRole.VIEWER: "see all",
    MemberRole.BILLING: "see all, open disputes, ask for PO numbers",
    MemberRole.ADMINISTRATOR: "everything, and invite people",
}
FACTORS = {Authenticator.Type.TOTP: "Code app", Authenticator.Type.WEBAUTHN: "Passkey"}
EMAILS_PER_MINUTE = 10


class TooManyEmails(Refused):
    """Invitations are emails to strangers."""

    code = "too_many_invitation_emails"
    message = "Many invitations were just sent. Wait a minute, then send this one."


class InviteForm(forms.Form):
    """A new person."""

    name = forms.CharField(max_length=150, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    email = forms.EmailField(max_length=150, widget=forms.EmailInput(attrs={"autocomplete": "off"}))
    role = forms.ChoiceField(label="May", choices=[(role, f"{role.label}: {MAY[role]}") for role in MemberRole])


class RoleForm(forms.Form):
    """What a person may do."""

    role = forms.ChoiceField(label="May", choices=[(role, f"{role.label}: {MAY[role]}") for role in MemberRole])


class FactorForm(forms.Form):
    """From when a second factor is required."""

    from_day = forms.DateField(
        label="From",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="Empty: it is optional. People without one are asked to set it up, and see nothing else until then.",
    )


@dataclass(frozen=True, slots=True)
class Person:
    """A row of the people."""

    name: str
    email: str
    is_you: bool
    role: str
    may: str
    factors: str
    lacks_factor: bool
    seen: str
    address: str


def people_page(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Show who belongs to the portal, who is invited, and what is required."""
    customer, portal = visit.customer, visit.portal
    needed = portal.second_factor_from
    return page(
        request,
        visit,
        "settings_people",
        "Settings",
        here="settings",
        tabs=tabs_of(visit, "settings"),
        people=[_person(visit, each) for each in members_of(customer)],
        invited=[
            (
                each.email,
                each.name,
                MemberRole(each.role).label,
                _until(each, visit),
                visit.address("member_invitation", each),
            )
            for each in open_invitations(customer)
        ],
        zone=f"{now().astimezone(customer.zone):%Z}",
        may_manage=visit.may(MemberRole.ADMINISTRATOR),
        invite=visit.address("invite"),
        factor=visit.address("second_factor"),
        needed=day_in_words(needed) if needed else "",
        is_needed=portal.needs_second_factor(customer.today),
        looks=visit.address("looks"),
        last_look=next((short_day(customer.day_of(each.began_at)) for each in looks_at(customer, latest=1)), ""),
        shows_contacts=portal.shows_contacts,
    )


def _person(visit: Visit, each: Membership) -> Person:
    user, role = each.person.user, MemberRole(each.role)
    kept: Any = user  # with allauth's factors, which Django's user does not know
    found = {FACTORS[factor.type] for factor in kept.authenticator_set.all() if factor.type in FACTORS}
    return Person(
        name=user.get_full_name() or user.get_username(),
        email=user.email,
        is_you=user.pk == visit.user.pk,
        role=role.label,
        may=MAY[role],
        factors=", ".join(sorted(found)),
        lacks_factor=not found and visit.portal.second_factor_from is not None,
        seen=instant(each.seen_at, visit.customer) if each.seen_at else "never",
        address=visit.address("member", each),
    )


def _until(invitation: MemberInvitation, visit: Visit) -> str:
    if invitation.expires_at <= now():
        return "link is over"
    return f"link works until {instant(invitation.expires_at, visit.customer)}"


def invite_page(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Invite a person by email."""
    form = InviteForm(request.POST or None, initial={"role": MemberRole.VIEWER})
    if request.method == "POST" and form.is_valid():
        asked = form.cleaned_data
        try:
            _wait(visit)
            made = invite(
                visit.customer,
                email=asked["email"],
                name=asked["name"],
                role=MemberRole(asked["role"]),
                by=visit.user,
                at=now(),
            )
            return _sent(request, visit, made)
        except Refused as refusal:
            form.add_error("email", str(refusal))
    return form_page(
        request, visit, "Invite a person", form, "Send the invitation", says="The link in the email works once."
    )


def _wait(visit: Visit) -> None:
    """Raise TooManyEmails if the customer's people send more than people do: they go to any address, in our name."""
    if wait_for_turn(f"member-invitations:{visit.customer.pk}", per_minute=EMAILS_PER_MINUTE):
        raise TooManyEmails


def _sent(request: HttpRequest, visit: Visit, invitation: MemberInvitation) -> HttpResponse:
    try:
        send(invitation, link=link_of(request, invitation))
        messages.success(request, f"Invitation sent to {invitation.email}.")
    except MailNotSent:
        messages.error(request, "The invitation is stored, but the email could not be sent. Send it again later.")
    return HttpResponseRedirect(visit.address("settings"))


def member_page(request: HttpRequest, visit: Visit, member: str) -> HttpResponse:
    """Change what a person may do, or take them out."""
    rows = Membership.objects.filter(customer=visit.customer).select_related("person__user", "customer")
    found = visit.find(rows, member)
    form = RoleForm(request.POST or None, initial={"role": found.role})
    if request.method == "POST":
        try:
            if request.POST.get("act") == "remove":
                remove(found, by=visit.user, at=now())
                messages.success(request, f"{found.person} no longer belongs to the portal.")
                if keys := ", ".join(names_of_keys_made_by(found.person.user, visit.customer, at=now())):
                    messages.warning(request, f"Revoke API keys that they know. They made {keys}, valid until then.")
                return HttpResponseRedirect(visit.address("settings"))
            if form.is_valid():
                change_role(found, role=MemberRole(form.cleaned_data["role"]), by=visit.user, at=now())
                messages.success(request, f"Changed what {found.person} may do.")
                return HttpResponseRedirect(visit.address("settings"))
        except Refused as refusal:
            form.add_error(None, str(refusal))
    return form_page(request, visit, str(found.person), form, "Save", removes=f"Take {found.person} out of the portal")


def invitation_page(request: HttpRequest, visit: Visit, invitation: str) -> HttpResponse:
    """Send an invitation again, or withdraw it."""
    rows = MemberInvitation.objects.filter(customer=visit.customer, accepted_at=None, withdrawn_at=None)
    found = visit.find(rows.select_related("customer", "invited_by"), invitation)
    form = forms.Form(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        try:
            if request.POST.get("act") == "remove":
                withdraw(found, by=visit.user, at=now())
                messages.success(request, f"The invitation of {found.email} is withdrawn.")
                return HttpResponseRedirect(visit.address("settings"))
            _wait(visit)
            return _sent(request, visit, renew(found, by=visit.user, at=now()))
        except Refused as refusal:
            form.add_error(None, str(refusal))
    says = f"{found.name}, {found.email}. A new link replaces the earlier ones."
    return form_page(request, visit, "Invitation", form, "Send it again", says=says, removes="Withdraw the invitation")


def second_factor_page(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Require a second factor of everyone from a day on."""
    form = FactorForm(request.POST or None, initial={"from_day": visit.portal.second_factor_from})
    if request.method == "POST" and form.is_valid():
        from_day: date | None = form.cleaned_data["from_day"]
        require_second_factor(visit.customer, from_day=from_day, by=visit.user)
        words = (
            f"Everyone needs a second factor from {day_in_words(from_day)}."
            if from_day
            else "A second factor is optional now."
        )
        messages.success(request, words)
        return HttpResponseRedirect(visit.address("settings"))
    return form_page(request, visit, "Require a second factor", form, "Save")


def form_page(
    request: HttpRequest, visit: Visit, title: str, form: forms.Form, presses: str, **more: str
) -> HttpResponse:
    """A form of the settings on a page of its own."""
    return page(
        request,
        visit,
        "settings_form",
        title,
        here="settings",
        form=form,
        presses=presses,
        status=400 if form.errors else 200,
        **{"back": visit.address("settings")} | more,
    )


def looks_page(request: HttpRequest, visit: Visit) -> HttpResponse:
    """List the looks by staff at this portal."""
    return page(
        request,
        visit,
        "settings_looks",
        "Settings",
        here="settings",
        tabs=tabs_of(visit, "looks"),
        looks=[
            (
                full_instant(each.began_at, visit.customer),
                each.by.get_full_name() or each.by.get_username(),
                each.reason,
            )
            for each in looks_at(visit.customer)
        ],
    )
