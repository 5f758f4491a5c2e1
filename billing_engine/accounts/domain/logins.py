"""What is on record about log-ins."""

from django.contrib.auth.models import User
from django.db import transaction

from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb

LOGGED_IN = Verb("logged_in", "Logged in")
LOGGED_OUT = Verb("logged_out", "Logged out")
LOGIN_FAILED = Verb("login_failed", "Failed to log in")
LOCKED_OUT = Verb("locked_out", "Locked out for a while")
PASSWORD_CHANGED = Verb("password_changed", "Changed the password")
PROVIDER_CONNECTED = Verb("provider_connected", "Connected the identity provider")

NAME_LENGTH = 150
PASSWORD, CODE, PROVIDER = "password", "second factor", "identity provider"


@transaction.atomic
def logged_in(user: User, *, methods: list[str]) -> None:
    """Record a log-in, with what proved it."""
    record(LOGGED_IN, on=user, by=user, after={"with": methods})


@transaction.atomic
def logged_out(user: User, *, reason: str = "") -> None:
    """Record a log-out; `reason` if the engine ended the session."""
    record(LOGGED_OUT, on=user, by=user, reason=reason)


@transaction.atomic
def failed(name: str, *, method: str, user: User | None = None) -> None:
    """Record a failed attempt under this name, whether or not there is such an account."""
    record(LOGIN_FAILED, on=user or known_as(name), by=None, after={"name": name[:NAME_LENGTH], "with": method})


@transaction.atomic
def locked_out(name: str, *, minutes: int) -> None:
    """Record that attempts under this name from this source are refused for some minutes."""
    record(LOCKED_OUT, on=known_as(name), by=None, after={"name": name[:NAME_LENGTH], "minutes": minutes})


@transaction.atomic
def password_changed(user: User, *, reason: str = "") -> None:
    """Record that a person changed their password."""
    record(PASSWORD_CHANGED, on=user, by=user, reason=reason)


@transaction.atomic
def provider_connected(user: User) -> None:
    """Record that a person can now log in with the identity provider."""
    record(PROVIDER_CONNECTED, on=user, by=user)


def known_as(name: str) -> User:
    """Return the account of this name, or one that is not stored."""
    return User.objects.filter(username__iexact=name).first() or User(username=name[:NAME_LENGTH])
