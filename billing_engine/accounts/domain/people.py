"""Deactivating people, and letting them in again."""

from django.contrib.auth.models import User
from django.db import transaction

from billing_engine.accounts.domain.roles import check_other_superuser
from billing_engine.accounts.domain.sessions import drop_sessions
from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import Refused

DEACTIVATED = Verb("person_deactivated", "Deactivated")
ACTIVATED = Verb("person_activated", "Activated")


class OwnAccount(Refused):
    code = "own_account"
    message = "You can't deactivate yourself. Ask another administrator."


def check_may_deactivate(user: User, by: User) -> None:
    """Raise OwnAccount, or LastSuperuser."""
    if user.pk == by.pk:
        raise OwnAccount
    if user.is_superuser:
        check_other_superuser(user)


@transaction.atomic
def deactivate(user: User, *, by: User, reason: str) -> User:
    """Keep a person out from now on: their sessions end, their record stays. Raises OwnAccount and LastSuperuser."""
    check_may_deactivate(user, by)
    user = User.objects.select_for_update().get(pk=user.pk)
    user.is_active = False
    user.save(update_fields=["is_active"])
    ended = drop_sessions(user)
    record(DEACTIVATED, on=user, by=by, reason=reason, before={"sessions": ended})
    return user


@transaction.atomic
def activate(user: User, *, by: User, reason: str) -> User:
    """Let a deactivated person log in again, with the roles they had."""
    user = User.objects.select_for_update().get(pk=user.pk)
    user.is_active = True
    user.save(update_fields=["is_active"])
    record(ACTIVATED, on=user, by=by, reason=reason)
    return user
