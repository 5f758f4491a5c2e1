"""Who belongs to a customer's portal, and what they may do there."""

from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import transaction

from billing_engine.accounts.domain.sessions import drop_sessions
from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import Refused
from leads.models import Customer, MemberInvitation, MemberRole, Membership

ROLE_CHANGED = Verb("member_role_changed", "Changed what a person may do in the portal")
REMOVED = Verb("member_removed", "Removed from the portal")
SEEN_EVERY = timedelta(minutes=1)  # not each request writes


class LastAdministrator(Refused):
    code = "last_administrator"
    message = "There must be another administrator first."


class NotAMember(Refused):
    code = "not_a_member"
    message = "This person no longer belongs to the portal."


class SameRole(Refused):
    code = "same_role"
    message = "The person has this role already."


def membership_of(user: User, customer: Customer) -> Membership | None:
    """Return the person's place in this customer's portal, if any."""
    found = Membership.objects.select_related("customer", "person__user")
    return found.filter(person=user.pk, person__user__is_active=True, customer=customer).first()


def memberships_of(user: User) -> list[Membership]:
    """Return the portals that the person belongs to, by the customer's name."""
    found = Membership.objects.filter(person=user.pk).select_related("customer__portal")
    return list(found.order_by("customer__name", "pk"))


def members_of(customer: Customer) -> list[Membership]:
    """Return the people of a customer's portal, those who may do most first."""
    found = Membership.objects.filter(customer=customer).select_related("person__user")
    people = list(found.prefetch_related("person__user__authenticator_set"))
    order = list(MemberRole)
    return sorted(people, key=lambda each: (-order.index(MemberRole(each.role)), str(each.person)))


def note_seen(membership: Membership, *, at: datetime) -> None:
    """Note that the person was in the portal, once a minute."""
    if membership.seen_at is None or at - membership.seen_at > SEEN_EVERY:
        Membership.objects.filter(pk=membership.pk).update(seen_at=at)


@transaction.atomic
def change_role(membership: Membership, *, role: MemberRole, by: User, at: datetime) -> Membership:
    """Change what a person may do; of who may no longer invite, open invitations end.

    Raises NotAMember, SameRole and LastAdministrator.
    """
    membership = _locked(membership)
    before = MemberRole(membership.role)
    if before == role:
        raise SameRole
    _check_other_administrator(membership)
    membership.role = role
    membership.save(update_fields=["role"])
    was, now = {"role": before.label} | _withdraw_invitations_of(membership, at=at), {"role": role.label}
    record(ROLE_CHANGED, on=membership.customer, by=by, before=was, after=now, also=[membership.person.user])
    return membership


@transaction.atomic
def remove(membership: Membership, *, by: User, at: datetime) -> None:
    """Take a person out of a portal; their sessions end, and the open invitations that they sent.

    Raises NotAMember and LastAdministrator.
    """
    membership = _locked(membership)
    _check_other_administrator(membership)
    customer, user = membership.customer, membership.person.user
    before: dict[str, object] = {"person": str(membership.person), "role": MemberRole(membership.role).label}
    before |= _withdraw_invitations_of(membership, at=at)
    membership.delete()
    record(REMOVED, on=customer, by=by, before=before | {"sessions": drop_sessions(user)}, also=[user])


def _withdraw_invitations_of(membership: Membership, *, at: datetime) -> dict[str, list[str]]:
    """Withdraw what a person sent who may no longer invite: they could come in again by it. Return the addresses."""
    sent = MemberInvitation.objects.filter(customer=membership.customer, invited_by=membership.person_id)
    still_open = sent.filter(accepted_at=None, withdrawn_at=None)
    emails = list(still_open.order_by("pk").values_list("email", flat=True))
    still_open.update(withdrawn_at=at)
    return {"invitations": emails} if emails else {}


def _locked(membership: Membership) -> Membership:
    """Return the place in the portal, all of whose places are locked: two administrators can't remove each other.

    Raises NotAMember.
    """
    found = Membership.objects.select_for_update(of=("self",)).filter(customer=membership.customer_id).order_by("pk")
    for each in found.select_related("customer", "person__user"):
        if each.pk == membership.pk:
            return each
    raise NotAMember


def _check_other_administrator(membership: Membership) -> None:
    if membership.role != MemberRole.ADMINISTRATOR:
        return
    others = Membership.objects.filter(customer=membership.customer, role=MemberRole.ADMINISTRATOR)
    if not others.filter(person__user__is_active=True).exclude(pk=membership.pk).exists():
        raise LastAdministrator
