"""Roles of people: given by administrators, or by the groups of the identity provider; each source keeps its own."""

from collections.abc import Iterable

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.db import transaction

from billing_engine.accounts.domain.customer_people import is_of_a_customer
from billing_engine.accounts.models import RoleGrant
from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import Refused

ROLES_CHANGED = Verb("roles_changed", "Changed roles")
HAND, PROVIDER = RoleGrant.Source.HAND, RoleGrant.Source.PROVIDER


class OwnRoles(Refused):
    code = "own_roles"
    message = "You can't change your own roles. Ask another administrator."


class NotStaff(Refused):
    code = "not_staff"
    message = "This person belongs to a customer and can have no role of the staff."


class LastSuperuser(Refused):
    code = "last_superuser"
    message = "There must be another active superuser first."


class SameRoles(Refused):
    code = "same_roles"
    message = "The person has exactly these roles already."


def check_may_change_roles(user: User, by: User) -> None:
    """Raise OwnRoles, as a person never changes their own roles, or NotStaff."""
    if user.pk == by.pk:
        raise OwnRoles
    if is_of_a_customer(user):
        raise NotStaff


@transaction.atomic
def change_roles(user: User, *, roles: Iterable[Group], is_superuser: bool, by: User, reason: str) -> User:
    """Set the roles given by hand; those from the identity provider stay.

    Raises OwnRoles, NotStaff, LastSuperuser and SameRoles.
    """
    check_may_change_roles(user, by)
    user = User.objects.select_for_update().get(pk=user.pk)
    if user.is_superuser and not is_superuser:
        check_other_superuser(user)
    before = _given_words(user)
    wanted = {role.pk: role for role in roles}
    stays = set(_granted(user, PROVIDER))
    RoleGrant.objects.filter(user=user, source=HAND).exclude(role__in=wanted).delete()
    grant(user, wanted.values(), source=HAND)
    user.groups.set([*wanted, *stays])
    user.is_superuser = is_superuser
    user.save(update_fields=["is_superuser"])
    after = _given_words(user)
    if before == after:
        raise SameRoles
    record(ROLES_CHANGED, on=user, by=by, reason=reason, before={"roles": before}, after={"roles": after})
    return user


@transaction.atomic
def take_roles_from_provider(user: User, groups: Iterable[str]) -> None:
    """Give the roles of the person's groups at the identity provider, and take those of groups that they left.

    Roles given by hand stay.
    """
    if not settings.OIDC_ROLES:
        return
    user = User.objects.select_for_update().get(pk=user.pk)
    before, by_hand = _words(user), set(roles_by_hand(user))
    names = {settings.OIDC_ROLES[group] for group in groups if group in settings.OIDC_ROLES}
    wanted = {role.pk: role for role in Group.objects.filter(name__in=names)}
    grant(user, Group.objects.filter(pk__in=by_hand), source=HAND)  # also those given before grants were kept
    RoleGrant.objects.filter(user=user, source=PROVIDER).exclude(role__in=wanted).delete()
    grant(user, wanted.values(), source=PROVIDER)
    user.groups.set([*wanted, *by_hand])
    after = _words(user)
    if before != after:
        reason = "Groups at the identity provider"
        record(ROLES_CHANGED, on=user, by=None, reason=reason, before={"roles": before}, after={"roles": after})


def roles_by_hand(user: User) -> list[int]:
    """Return the ids of the roles that do not come from the identity provider alone."""
    given, provided = set(_granted(user, HAND)), set(_granted(user, PROVIDER))
    return [pk for pk in user.groups.values_list("pk", flat=True) if pk in given or pk not in provided]


def grant(user: User, roles: Iterable[Group], *, source: str) -> None:
    """Note that this source gives the roles; the caller sets the person's groups."""
    RoleGrant.objects.bulk_create(
        (RoleGrant(user=user, role=role, source=source) for role in roles), ignore_conflicts=True
    )


def check_other_superuser(user: User) -> None:
    """Raise LastSuperuser unless another active superuser exists."""
    if not User.objects.filter(is_superuser=True, is_active=True).exclude(pk=user.pk).exists():
        raise LastSuperuser


def _given_words(user: User) -> list[str]:
    """The names of what administrators gave."""
    names = list(Group.objects.filter(pk__in=roles_by_hand(user)).order_by("name").values_list("name", flat=True))
    return [*names, "Superuser"] if user.is_superuser else names


def _granted(user: User, source: str) -> Iterable[int]:
    return RoleGrant.objects.filter(user=user, source=source).values_list("role", flat=True)


def _words(user: User) -> list[str]:
    names = list(user.groups.order_by("name").values_list("name", flat=True))
    return [*names, "Superuser"] if user.is_superuser else names
