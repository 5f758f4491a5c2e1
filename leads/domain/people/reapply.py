"""Erase again, after a restore, who was erased since the backup."""

from collections.abc import Iterator
from datetime import datetime

from leads.domain.people.erase import ERASURES, AlreadyAsked, ask_erasure
from leads.domain.people.ledger import entries, held_again
from leads.domain.people.person import Person
from leads.models import Erasure

REASON = "Erased before a restore, and applied again from the ledger."


def reapply_erasures(*, at: datetime) -> Iterator[Erasure]:
    """Yield each erasure once it was carried out, or deferred, or could not be finished."""
    for keys in held_again(entries()):
        try:
            erasure = ask_erasure(Person(frozenset(keys)), reason=REASON, by=None, at=at)
        except AlreadyAsked:  # its own erasure is back too, and a worker has it
            continue
        while ERASURES.work(erasure.pk, at=at):
            pass
        erasure.refresh_from_db()
        yield erasure
