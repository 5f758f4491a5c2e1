"""Second factors: who must have one, who has one, and what is on record about them."""

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb

FACTOR_ADDED = Verb("second_factor_added", "Added a second factor")
FACTOR_REMOVED = Verb("second_factor_removed", "Removed a second factor")
CODES_RENEWED = Verb("recovery_codes_renewed", "Made new recovery codes")

SUPERUSER = "Superuser"  # in MFA_REQUIRED_ROLES, next to the names of roles
NAMES = {
    Authenticator.Type.TOTP: "authenticator app",
    Authenticator.Type.WEBAUTHN: "passkey",
    Authenticator.Type.RECOVERY_CODES: "recovery codes",
}


def is_required(user: User) -> bool:
    """Whether one of the person's roles needs a second factor."""
    required: list[str] = settings.MFA_REQUIRED_ROLES
    if not required:
        return False
    return (user.is_superuser and SUPERUSER in required) or user.groups.filter(name__in=required).exists()


def has_one(user: User) -> bool:
    """Whether the person has a second factor; recovery codes alone are none."""
    return factors_of(user).exists()


def is_missing(user: User) -> bool:
    """Whether the person must set up a second factor before anything else."""
    return is_required(user) and not has_one(user)


def may_remove(factor: Authenticator) -> bool:
    """Whether the person keeps a required second factor without this one."""
    if factor.type == Authenticator.Type.RECOVERY_CODES:
        return True
    return factors_of(factor.user).exclude(pk=factor.pk).exists() or not is_required(factor.user)


def factors_of(user: User) -> QuerySet[Authenticator]:
    """The person's second factors without recovery codes."""
    found: QuerySet[Authenticator] = Authenticator.objects.filter(user=user)
    return found.exclude(type=Authenticator.Type.RECOVERY_CODES)


@transaction.atomic
def added(user: User, factor: Authenticator) -> None:
    """Record a new second factor."""
    record(FACTOR_ADDED, on=user, by=user, after={"second factor": NAMES[factor.type]})


@transaction.atomic
def removed(user: User, factor: Authenticator) -> None:
    """Record that a person removed a second factor."""
    record(FACTOR_REMOVED, on=user, by=user, before={"second factor": NAMES[factor.type]})


@transaction.atomic
def codes_renewed(user: User) -> None:
    """Record that earlier recovery codes no longer work."""
    record(CODES_RENEWED, on=user, by=user)
