"""What an event is to do, and what it did."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.contrib.auth.models import User

from billing_engine.core.errors import Refused
from receivables.domain.online.provider import Line
from receivables.domain.online.told import Told
from receivables.models import LedgerDocument

BACK = ":back"  # after the ID of a refund, dispute or payout: its money came in again
ALREADY = "It was in the ledger already."


class NotPlaced(Refused):
    """Nothing here is known that the event is about."""

    code = "online_event_not_placed"


@dataclass(frozen=True, slots=True)
class Asked:
    """What Stripe was asked about an event, before anything was locked: a payment's fee, a payout's lines."""

    fee: Decimal | None = None
    lines: Sequence[Line] = ()
    refusal: Refused | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """One run of an event."""

    told: Told
    asked: Asked
    by: User | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Effect:
    """What was booked, if anything; in words, why nothing was, or what was not."""

    document: LedgerDocument | None = None
    words: str = ""
    is_partly: bool = False
    is_new: bool = True  # whether it was booked by this run
