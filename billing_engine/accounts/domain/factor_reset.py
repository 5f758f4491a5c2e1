"""Resetting a lost second factor: one administrator asks, another one approves."""

from datetime import datetime

from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.db import transaction

from billing_engine.accounts.domain.second_factor import has_one
from billing_engine.accounts.domain.sessions import drop_sessions
from billing_engine.accounts.models import FactorReset
from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import Refused

RESET_REQUESTED = Verb("factor_reset_requested", "Asked to reset the second factor")
RESET_DECLINED = Verb("factor_reset_declined", "Declined to reset the second factor")
FACTOR_RESET = Verb("second_factor_reset", "Reset the second factor")


class SecondAdministratorNeeded(Refused):
    code = "second_administrator_needed"
    message = "You asked for this reset. Another administrator must approve it."


class OwnFactor(Refused):
    code = "own_factor"
    message = "You can't reset your own second factor. Two other administrators can."


class NothingToReset(Refused):
    code = "nothing_to_reset"
    message = "There is nothing to reset."


def open_reset(user: User) -> FactorReset | None:
    """Return the request that needs a second administrator, if any."""
    return FactorReset.objects.filter(user=user, decided_at=None).select_related("asked_by").first()


def check_may_ask(user: User, by: User) -> None:
    """Raise OwnFactor."""
    if user.pk == by.pk:
        raise OwnFactor


def check_may_approve(user: User, by: User) -> None:
    """Raise OwnFactor or SecondAdministratorNeeded."""
    check_may_ask(user, by)
    request = open_reset(user)
    if request and request.asked_by_id == by.pk:
        raise SecondAdministratorNeeded


@transaction.atomic
def ask_for_reset(user: User, *, by: User, reason: str, at: datetime) -> FactorReset:
    """Ask another administrator to reset a person's second factor. Raises OwnFactor and NothingToReset."""
    check_may_ask(user, by)
    user = User.objects.select_for_update().get(pk=user.pk)
    if open_reset(user) or not has_one(user):
        raise NothingToReset
    request = FactorReset.objects.create(user=user, reason=reason, asked_by=by, asked_at=at)
    record(RESET_REQUESTED, on=user, by=by, reason=reason, also=[request])
    return request


@transaction.atomic
def approve_reset(user: User, *, by: User, at: datetime) -> FactorReset:
    """Remove the person's second factors and recovery codes, and end their sessions.

    Raises OwnFactor, SecondAdministratorNeeded and NothingToReset.
    """
    check_may_approve(user, by)
    request = _decide(user, by=by, at=at, is_approved=True)
    Authenticator.objects.filter(user=user).delete()
    ended = drop_sessions(user)
    before = {"sessions": ended, "asked by": request.asked_by.get_username()}
    record(FACTOR_RESET, on=user, by=by, reason=request.reason, before=before, also=[request])
    return request


@transaction.atomic
def decline_reset(user: User, *, by: User, reason: str, at: datetime) -> FactorReset:
    """Leave the second factor as it is. Raises NothingToReset."""
    request = _decide(user, by=by, at=at, is_approved=False)
    record(RESET_DECLINED, on=user, by=by, reason=reason, also=[request])
    return request


def _decide(user: User, *, by: User, at: datetime, is_approved: bool) -> FactorReset:
    request = FactorReset.objects.select_for_update(of=("self",)).filter(user=user, decided_at=None).first()
    if request is None:
        raise NothingToReset
    request.decided_by, request.decided_at, request.is_approved = by, at, is_approved
    request.save(update_fields=["decided_by", "decided_at", "is_approved"])
    return request
