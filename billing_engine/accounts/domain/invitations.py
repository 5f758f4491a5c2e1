"""Invitations of new staff: a signed link that works once, until it expires."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.core import signing
from django.db import transaction
from django.db.models import Q

from billing_engine.accounts.domain.roles import HAND, grant
from billing_engine.accounts.models import Invitation
from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import Refused

INVITED = Verb("person_invited", "Invited")
RESENT = Verb("invitation_resent", "Sent the invitation again")
WITHDRAWN = Verb("invitation_withdrawn", "Withdrew the invitation")
ACCEPTED = Verb("invitation_accepted", "Accepted the invitation")

SALT = "accounts.invitation"


class AlreadyKnown(Refused):
    code = "already_known"
    message = "A person or an open invitation with this email address already exists."


class InvitationOver(Refused):
    code = "invitation_over"
    message = "This invitation was used, withdrawn, replaced by a newer one, or has expired. Ask for a new one."


class AnotherAddress(Refused):
    code = "another_address"
    message = "The identity provider has not verified the email address that was invited."


def check_unknown(email: str) -> None:
    """Raise AlreadyKnown if a person or an open invitation has the address."""
    is_invited = Invitation.objects.filter(email__iexact=email, accepted_at=None, withdrawn_at=None).exists()
    if is_invited or _is_known(email):
        raise AlreadyKnown


@transaction.atomic
def invite(*, email: str, name: str, roles: Iterable[Group], by: User, at: datetime) -> Invitation:
    """Create an invitation; the caller sends its link. Raises AlreadyKnown."""
    email = email.strip()
    check_unknown(email)
    invitation = Invitation.objects.create(
        email=email, name=name.strip(), invited_by=by, invited_at=at, sent_at=at, expires_at=_end(at)
    )
    invitation.roles.set(roles)
    record(INVITED, on=invitation, by=by, after={"email": email, "roles": _names(invitation)})
    return invitation


@transaction.atomic
def renew(invitation: Invitation, *, by: User, at: datetime) -> Invitation:
    """Make a new link, so that the earlier ones no longer work; the caller sends it. Raises InvitationOver."""
    invitation = _locked(invitation)
    invitation.sent_at, invitation.expires_at = at, _end(at)
    invitation.save(update_fields=["sent_at", "expires_at"])
    record(RESENT, on=invitation, by=by)
    return invitation


@transaction.atomic
def withdraw(invitation: Invitation, *, by: User, reason: str, at: datetime) -> Invitation:
    """Make the link useless. Raises InvitationOver."""
    invitation = _locked(invitation)
    invitation.withdrawn_at = at
    invitation.save(update_fields=["withdrawn_at"])
    record(WITHDRAWN, on=invitation, by=by, reason=reason)
    return invitation


def link_token(invitation: Invitation) -> str:
    """Return what the link carries: the invitation and when it was sent, signed."""
    return signing.dumps([invitation.pk, int(invitation.sent_at.timestamp() * 1_000_000)], salt=SALT)


def invitation_of(token: str, *, at: datetime) -> Invitation:
    """Return the invitation of a link. Raises InvitationOver."""
    try:
        pk, sent = signing.loads(token, salt=SALT)
    except signing.BadSignature:
        raise InvitationOver from None
    invitation = Invitation.objects.filter(pk=pk).first()
    if invitation is None or int(invitation.sent_at.timestamp() * 1_000_000) != sent:
        raise InvitationOver
    if not invitation.is_open or invitation.expires_at <= at:
        raise InvitationOver
    return invitation


@transaction.atomic
def accept(token: str, *, password: str | None, at: datetime) -> User:
    """Create the invited person, who logs in with the email address; without a password, only by the identity provider.

    Raises InvitationOver.
    """
    invitation = _locked(invitation_of(token, at=at))
    if _is_known(invitation.email):  # meanwhile, as a person of a customer
        raise InvitationOver
    first, _, last = invitation.name.partition(" ")
    user = User.objects.create_user(
        invitation.email, email=invitation.email, password=password, first_name=first, last_name=last, is_staff=True
    )
    roles = list(invitation.roles.all())
    user.groups.set(roles)
    grant(user, roles, source=HAND)
    invitation.accepted_by, invitation.accepted_at = user, at
    invitation.save(update_fields=["accepted_by", "accepted_at"])
    record(ACCEPTED, on=user, by=user, after={"roles": _names(invitation)}, also=[invitation])
    return user


def accept_from_provider(token: str, *, email: object, is_verified: object, at: datetime) -> User:
    """Create the invited person whom the identity provider vouches for. Raises InvitationOver and AnotherAddress."""
    invitation = invitation_of(token, at=at)
    if is_verified is not True or not isinstance(email, str) or email.lower() != invitation.email.lower():
        raise AnotherAddress
    return accept(token, password=None, at=at)


def _locked(invitation: Invitation) -> Invitation:
    """Return the invitation, locked, so that it is used once. Raises InvitationOver."""
    found = Invitation.objects.select_for_update().get(pk=invitation.pk)
    if not found.is_open:
        raise InvitationOver
    return found


def _is_known(email: str) -> bool:
    return User.objects.filter(Q(email__iexact=email) | Q(username__iexact=email)).exists()


def _names(invitation: Invitation) -> list[str]:
    return list(invitation.roles.order_by("name").values_list("name", flat=True))


def _end(at: datetime) -> datetime:
    return at + timedelta(days=settings.INVITATION_DAYS)
