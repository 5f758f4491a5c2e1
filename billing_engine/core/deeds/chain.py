"""The chain of deeds: each digest covers the deed and the digest before it, so a change of the past shows."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from django.db import connection
from django.db.models import TextField
from django.db.models.expressions import RawSQL

from billing_engine.core.models import Deed

AT_ONCE = 1_000
# The sweep seals within seconds; what is older than this was left out, or the sweep stands still.
LONGEST_UNSEALED = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Head:
    """The last place of the chain and its digest in hex; together they fix every deed before it."""

    position: int
    digest: str

    def __str__(self) -> str:
        return f"{self.position}:{self.digest}"


def seal() -> int:
    """Give all committed deeds their places in the chain; return how many there were."""
    total = 0
    with connection.cursor() as cursor:
        while True:
            cursor.execute("SELECT seal_deeds(%s)", [AT_ONCE])
            sealed: int = cursor.fetchone()[0]
            total += sealed
            if sealed < AT_ONCE:
                return total


def head() -> Head | None:
    """Return the end of the chain; None if it is empty."""
    last = Deed.objects.exclude(position=None).order_by("-position").first()
    return None if last is None else Head(last.position or 0, bytes(last.digest or b"").hex())


def faults(*, at: datetime, known: Head | None = None) -> Iterator[str]:
    """Yield, in words, each break of the chain; `known` is a head that was written down earlier.

    After a break, the rest is verified from the stored digest on, so that one change is told once.
    """
    place, digest = 0, b""
    for position, stored, text in _links():
        if position != place + 1:
            yield f"Deeds {place + 1:,} to {position - 1:,} are missing."
        elif sha256(digest + text.encode()).digest() != stored:
            yield f"Deed {position:,} was changed."
        place, digest = position, stored
        if known and position == known.position and stored.hex() != known.digest:
            yield f"The chain up to deed {position:,} is not the one that was written down."
    if known and known.position > place:
        yield f"The chain ends at deed {place:,}, but deed {known.position:,} was written down."
    if late := Deed.objects.filter(position=None, at__lt=at - LONGEST_UNSEALED).count():
        yield f"{late:,} deeds are not in the chain yet, after more than {LONGEST_UNSEALED.seconds // 60} minutes."


def _links() -> Iterator[tuple[int, bytes, str]]:
    """Yield place, digest and text of each deed in the chain."""
    text = RawSQL("deed_text(core_deed)", [], output_field=TextField())
    found = Deed.objects.exclude(position=None).order_by("position").annotate(text=text)
    for position, digest, words in found.values_list("position", "digest", "text").iterator(AT_ONCE):
        yield position or 0, bytes(digest or b""), words
