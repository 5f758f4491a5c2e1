"""The chain of deeds: each digest covers the deed and the digest before it, so a change of the past shows."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from django.db import connection
from django.db.models import Max, Min, TextField
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

    @classmethod
    def read(cls, text: str) -> "Head":
        """Read a head as it was logged, such as `120:9f86d0…`. Raises ValueError."""
        position, _, digest = text.strip().partition(":")
        if len(bytes.fromhex(digest)) != sha256().digest_size or int(position) < 1:
            raise ValueError(text)
        return cls(int(position), digest.lower())


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


@dataclass(frozen=True, slots=True)
class Span:
    """A part of the chain, both places included."""

    first: int
    last: int

    @property
    def places(self) -> int:
        return self.last - self.first + 1


def whole() -> Span:
    """The whole chain."""
    return Span(1, Deed.objects.aggregate(last=Max("position"))["last"] or 0)


def of_time(begin: datetime, end: datetime) -> Span:
    """The part of the chain with every deed of this time; it may hold some of the moments before and after."""
    found = Deed.objects.filter(at__gte=begin, at__lt=end).aggregate(first=Min("position"), last=Max("position"))
    return Span(found["first"] or 1, found["last"] or 0)


def faults(*, at: datetime, known: Head | None = None, span: Span | None = None) -> Iterator[str]:
    """Yield, in words, each break of the chain or a part of it; `known` is a head that was written down earlier.

    After a break, the rest is verified from the stored digest on, so that one change is told once.
    """
    span = span or whole()
    place, digest = span.first - 1, _digest_at(span.first - 1)
    for position, stored, text in _links(span):
        if position != place + 1:
            yield f"Deeds {place + 1:,} to {position - 1:,} are missing."
        elif sha256(digest + text.encode()).digest() != stored:
            yield f"Deed {position:,} was changed."
        place, digest = position, stored
    yield from _against(known)
    if late := Deed.objects.filter(position=None, at__lt=at - LONGEST_UNSEALED).count():
        minutes = LONGEST_UNSEALED.seconds // 60
        have = "deed is" if late == 1 else "deeds are"
        yield f"{late:,} {have} not in the chain yet, after more than {minutes} minutes."


def _against(known: Head | None) -> Iterator[str]:
    """Compare the chain with a head that was written down."""
    if known is None:
        return
    stored = _digest_at(known.position)
    if not stored:
        end = whole().last
        yield f"The chain ends at deed {end:,}, but deed {known.position:,} was written down."
    elif stored.hex() != known.digest:
        yield f"The chain up to deed {known.position:,} is not the one that was written down."


def _digest_at(position: int) -> bytes:
    stored = Deed.objects.filter(position=position).values_list("digest", flat=True).first()
    return bytes(stored or b"")


def _links(span: Span) -> Iterator[tuple[int, bytes, str]]:
    """Yield place, digest and text of each deed in this part of the chain."""
    text = RawSQL("deed_text(core_deed)", [], output_field=TextField())
    part = Deed.objects.filter(position__gte=span.first, position__lte=span.last)
    found = part.order_by("position").annotate(text=text).values_list("position", "digest", "text")
    for position, digest, words in found.iterator(AT_ONCE):
        yield position or 0, bytes(digest or b""), words
