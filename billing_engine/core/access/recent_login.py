"""Deeds that need a recent log-in: issuing, voiding, bank details and roles.

A person whose log-in is older confirms that it is them, returns to the page, and presses again: nothing is sent twice.
"""

import time

from django.conf import settings
from django.http import HttpRequest

CONFIRMED_AT = "confirmed_at"  # in the session: the last log-in or confirmation, in seconds


class LoginTooOld(Exception):
    """The person must confirm that it is them, and then returns to `back`."""

    def __init__(self, back: str) -> None:
        self.back = back
        super().__init__("Confirm that it is you.")


def confirm(request: HttpRequest) -> None:
    """The person has just proved who they are."""
    request.session[CONFIRMED_AT] = int(time.time())


def is_recent(request: HttpRequest) -> bool:
    """Whether the person proved who they are within the last minutes."""
    confirmed_at: int = request.session.get(CONFIRMED_AT, 0)
    minutes: int = settings.RECENT_LOGIN_MINUTES
    return time.time() - confirmed_at < minutes * 60


def need_recent_login(request: HttpRequest, *, back: str) -> None:
    """Raise LoginTooOld unless the log-in is recent."""
    if not is_recent(request):
        raise LoginTooOld(back)
