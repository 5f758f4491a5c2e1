"""Invite the first people of a customer to its portal; from then on its administrator does."""

from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.timezone import now
from unfold.widgets import UnfoldAdminEmailInputWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from billing_engine.accounts.login.door import PORTAL_ADDRESSES
from billing_engine.core.admin_kit.dialogs import Dialog, Done, button, person
from leads.admin.customers import CustomerAdmin
from leads.domain.memberships.invitations import invite, link_token, send
from leads.models import Customer, MemberInvitation, MemberRole


class InviteForm(forms.Form):
    """A person of the customer."""

    name = forms.CharField(max_length=150, widget=UnfoldAdminTextInputWidget())
    email = forms.EmailField(max_length=150, widget=UnfoldAdminEmailInputWidget())
    role = forms.ChoiceField(
        choices=MemberRole.choices, initial=MemberRole.ADMINISTRATOR, widget=UnfoldAdminSelectWidget()
    )


@button(
    "Invite to portal",
    permission="leads.add_memberinvitation",
    icon="person_add",
    asks=Dialog(
        lambda customer: f"Invite a person of {customer}",
        "They get a link by email that works once. An administrator invites the others.",
        form=InviteForm,
    ),
)
def invite_to_portal(_: object, request: HttpRequest, row: Customer, answers: dict[str, Any]) -> Done:
    """Send the first invitation."""
    asked = {"email": answers["email"], "name": answers["name"], "role": MemberRole(answers["role"])}
    made = invite(row, **asked, by=person(request), at=now())
    send(made, link=link_to(request, made))
    return Done(f"Invitation sent to {made.email}.")


def link_to(request: HttpRequest, invitation: MemberInvitation) -> str:
    """Return the full address of the invitation, at the portal's own host if it has one."""
    path = reverse("portal_invitation", urlconf=PORTAL_ADDRESSES)
    address = f"{path}?{urlencode({'token': link_token(invitation)})}"
    host: str = settings.PORTAL_HOST
    return f"{request.scheme}://{host}{address}" if host else request.build_absolute_uri(address)


CustomerAdmin.extend_more(invite_to_portal)
