"""One attempt at a piece of work, and the three ways in which it can fail."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from django.db import OperationalError

from billing_engine.core.errors import Refused

logger = logging.getLogger(__name__)

GIVEN_UP, UNEXPECTED = "given_up", "unexpected"

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an attempt failed: a code for programs, words for people."""

    code: str
    words: str


def attempted(act: Callable[[], Result], *, what: str) -> Result | Failure:
    """What the action returns, or why it failed.

    A refusal fails with its own code and message; any other error is logged and fails as unexpected, so one item's
    error stops no other. OperationalError is raised: the database prevents the work, and the item stays waiting.
    """
    try:
        return act()
    except OperationalError:
        raise
    except Refused as refusal:
        return Failure(refusal.code, str(refusal))
    except Exception as error:
        logger.exception("%s failed", what)
        return Failure(UNEXPECTED, f"{type(error).__name__}: {error}")
