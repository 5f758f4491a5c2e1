"""Invitations to a customer's portal: a signed link that works once, until it expires."""

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.core import signing
from django.db import transaction
from django.db.models import QuerySet

from billing_engine.accounts.domain.customer_people import enroll, person_with
from billing_engine.accounts.domain.invitation_mail import MailNotSent
from billing_engine.accounts.domain.invitations import InvitationOver
from billing_engine.accounts.models import CustomerPerson
from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import Refused
from billing_engine.core.letters.letter import Letter, message_of
from billing_engine.core.letters.parts import Button, Sentences
from leads.domain.brand import brand_of
from leads.domain.memberships.portal import portal_of
from leads.models import Customer, MemberInvitation, MemberRole, Membership

INVITED = Verb("member_invited", "Invited to the portal")
RESENT = Verb("member_invitation_resent", "Sent the invitation to the portal again")
WITHDRAWN = Verb("member_invitation_withdrawn", "Withdrew the invitation to the portal")
JOINED = Verb("member_joined", "Joined the portal")

SALT = "leads.member_invitation"
MICROSECONDS = 1_000_000


class AlreadyAMember(Refused):
    code = "already_a_member"
    message = "This person belongs to the portal already, or has an open invitation."


class NotTheInvited(Refused):
    code = "not_the_invited"
    message = "This invitation is for another person. Log out, then open the link again."


@transaction.atomic
def invite(customer: Customer, *, email: str, name: str, role: MemberRole, by: User, at: datetime) -> MemberInvitation:
    """Create an invitation; the caller sends its link. Raises AlreadyAMember and NotOfACustomer."""
    email = email.strip()
    portal_of(customer)
    Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)  # two at once would both find no person
    person = person_with(email)
    if _open(customer).filter(email__iexact=email).exists() or (person and _is_member(customer, person)):
        raise AlreadyAMember
    invitation = MemberInvitation.objects.create(
        customer=customer,
        email=email,
        name=" ".join(name.split()),  # it stands in an email, where a line break could begin other words
        role=role,
        invited_by=by,
        invited_at=at,
        sent_at=at,
        expires_at=_end(at),
    )
    record(INVITED, on=customer, by=by, after={"email": email, "role": role.label}, also=[invitation])
    return invitation


@transaction.atomic
def renew(invitation: MemberInvitation, *, by: User | None, at: datetime) -> MemberInvitation:
    """Make a new link, so that the earlier ones no longer work; the caller sends it. Raises InvitationOver.

    Without `by`, the invited person asked for it.
    """
    invitation = _locked(invitation)
    invitation.sent_at, invitation.expires_at = at, _end(at)
    invitation.save(update_fields=["sent_at", "expires_at"])
    record(RESENT, on=invitation.customer, by=by, after={"email": invitation.email}, also=[invitation])
    return invitation


def with_a_link(invitation: MemberInvitation, *, at: datetime) -> MemberInvitation:
    """Return the invitation for the person who asks for its link; only if that expired, they get a new one.

    Anyone can ask in their name, and must not stop a link that works. Raises InvitationOver.
    """
    return invitation if invitation.expires_at > at else renew(invitation, by=None, at=at)


@transaction.atomic
def withdraw(invitation: MemberInvitation, *, by: User, at: datetime) -> MemberInvitation:
    """Make the link useless. Raises InvitationOver."""
    invitation = _locked(invitation)
    invitation.withdrawn_at = at
    invitation.save(update_fields=["withdrawn_at"])
    record(WITHDRAWN, on=invitation.customer, by=by, before={"email": invitation.email}, also=[invitation])
    return invitation


def open_invitations(customer: Customer) -> list[MemberInvitation]:
    """Return the invitations that were neither accepted nor withdrawn, the latest first."""
    return list(_open(customer).select_related("invited_by").order_by("-sent_at"))


def open_invitations_to(email: str) -> list[MemberInvitation]:
    """Return the open invitations to an address."""
    return list(
        MemberInvitation.objects.filter(email__iexact=email, accepted_at=None, withdrawn_at=None)
        .select_related("customer", "invited_by")
        .order_by("pk")
    )


def link_token(invitation: MemberInvitation) -> str:
    """Return what the link carries: the invitation and when it was sent, signed."""
    return signing.dumps([invitation.pk, int(invitation.sent_at.timestamp() * MICROSECONDS)], salt=SALT)


def invitation_of(token: str, *, at: datetime) -> MemberInvitation:
    """Return the invitation of a link. Raises InvitationOver."""
    try:
        pk, sent = signing.loads(token, salt=SALT)
    except signing.BadSignature:
        raise InvitationOver from None
    found = MemberInvitation.objects.select_related("customer", "invited_by").filter(pk=pk).first()
    is_latest = found is not None and int(found.sent_at.timestamp() * MICROSECONDS) == sent
    if found is None or not is_latest or not found.is_open or found.expires_at <= at:
        raise InvitationOver
    return found


def invitation_letter(invitation: MemberInvitation, *, link: str) -> Letter:
    """Return the email; names may have been pasted with line breaks, which would begin other words."""
    by = " ".join((invitation.invited_by.get_full_name() or invitation.invited_by.get_username()).split())
    customer = " ".join(str(invitation.customer).split())
    until = invitation.expires_at.astimezone(invitation.customer.zone)
    over = f"The link works once, until {until:%B %-d, %Y, %H:%M (%Z)}. If you did not expect this email, ignore it."
    parts = (
        Sentences(f"Hello {invitation.name},"),
        Sentences(
            f"{by} invites you to the billing portal of {customer}. Press the button there to set up your log-in."
        ),
        Button("Open the invitation", link),
        Sentences(over),
    )
    brand = brand_of(invitation.customer)
    return Letter(f"You are invited to the billing portal of {customer}", parts, brand)


def send(invitation: MemberInvitation, *, link: str) -> None:
    """Send the link to the invited person. Raises MailNotSent."""
    try:
        message_of(invitation_letter(invitation, link=link), to=[invitation.email]).send()
    except OSError as error:  # smtplib's errors and those of the connection
        raise MailNotSent from error


@transaction.atomic
def accept_as_new(token: str, *, password: str, at: datetime) -> CustomerPerson:
    """Create the invited person's log-in and let them in. Raises InvitationOver and NotOfACustomer."""
    invitation = _locked(invitation_of(token, at=at))
    if person_with(invitation.email) is not None:
        raise InvitationOver  # they have a log-in by now, and use it to accept
    person = enroll(email=invitation.email, name=invitation.name, password=password, at=at)
    _join(invitation, person, at)
    return person


@transaction.atomic
def accept_as(token: str, *, person: CustomerPerson, at: datetime) -> Membership:
    """Let a person who has a log-in already into one more portal. Raises InvitationOver and NotTheInvited."""
    invitation = _locked(invitation_of(token, at=at))
    if person.user.email.lower() != invitation.email.lower():
        raise NotTheInvited
    return _join(invitation, person, at)


def _join(invitation: MemberInvitation, person: CustomerPerson, at: datetime) -> Membership:
    invitation.accepted_by, invitation.accepted_at = person, at
    invitation.save(update_fields=["accepted_by", "accepted_at"])
    membership = Membership.objects.create(person=person, customer=invitation.customer, role=invitation.role, since=at)
    role = MemberRole(invitation.role).label
    record(JOINED, on=invitation.customer, by=person.user, after={"role": role}, also=[person.user, invitation])
    return membership


def _locked(invitation: MemberInvitation) -> MemberInvitation:
    """Return the invitation, locked, so that it is used once. Raises InvitationOver."""
    found = MemberInvitation.objects.select_for_update(of=("self",)).select_related("customer", "invited_by")
    invitation = found.get(pk=invitation.pk)
    if not invitation.is_open:
        raise InvitationOver
    return invitation


def _open(customer: Customer) -> QuerySet[MemberInvitation]:
    return MemberInvitation.objects.filter(customer=customer, accepted_at=None, withdrawn_at=None)


def _is_member(customer: Customer, person: CustomerPerson) -> bool:
    return Membership.objects.filter(customer=customer, person=person).exists()


def _end(at: datetime) -> datetime:
    return at + timedelta(days=settings.INVITATION_DAYS)
