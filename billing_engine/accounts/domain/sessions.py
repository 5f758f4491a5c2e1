"""Sessions: which a person has, and ending them."""

from datetime import datetime
from importlib import import_module
from typing import Any

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb

SESSIONS_ENDED = Verb("sessions_ended", "Ended sessions")


def sessions_of(user: User) -> list[UserSession]:
    """Return the person's sessions that still work, the latest first; forget the others."""
    store = _store()
    found = list(UserSession.objects.filter(user=user).order_by("-last_seen_at", "-pk"))
    alive = [each for each in found if store().exists(each.session_key)]
    gone = [each.pk for each in found if each not in alive]
    if gone:
        UserSession.objects.filter(pk__in=gone).delete()
    return alive


def has_session(user: User) -> bool:
    """Whether the person is logged in anywhere."""
    found: QuerySet[UserSession] = UserSession.objects.filter(user=user)
    return found.exists()


def note_seen(key: str, *, at: datetime) -> None:
    """Note that the person of the session with this key was there."""
    UserSession.objects.filter(session_key=key).update(last_seen_at=at)


@transaction.atomic
def end_session(session: UserSession, *, by: User) -> None:
    """End one session."""
    session.end()
    record(SESSIONS_ENDED, on=session.user, by=by, before={"sessions": 1, "address": session.ip})


@transaction.atomic
def end_sessions(user: User, *, by: User) -> int:
    """End all sessions of a person; return how many there were."""
    ended = drop_sessions(user)
    record(SESSIONS_ENDED, on=user, by=by, before={"sessions": ended})
    return ended


def drop_sessions(user: User) -> int:
    """End all sessions of a person as part of another deed; return how many there were."""
    found = list(UserSession.objects.filter(user=user))
    for session in found:
        session.end()
    return len(found)


def _store() -> Any:
    return import_module(settings.SESSION_ENGINE).SessionStore
