"""The ledger of erasures outside the database: a restore brings erased persons back, and the ledger erases them again."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import chain

import msgspec
from django.db.models import Min

from billing_engine.core.outside.objects import AlreadyThere, archive
from leads.domain.identity import email_key
from leads.domain.pseudonyms import is_pseudonym, pseudonym
from leads.models import Erasure, FileImport, Lead, QuarantinedItem

FOLDER = "erasures/"
_ADDRESS = re.compile(r"[^\s@<>\"',;:\\]+@[^\s@<>\"',;:\\]+\.[^\s@<>\"',;:\\]+")


class Entry(msgspec.Struct, frozen=True):
    """One erased person: the pseudonyms, and when."""

    pseudonyms: list[str]
    erased_at: datetime


def write_down(erasure: Erasure, *, at: datetime) -> None:
    """Write an erasure to the ledger, with nothing that names the person. One that is there already stays."""
    entry = Entry(pseudonyms=list(erasure.pseudonyms), erased_at=at)
    # Named by when it was asked: after a restore, the database gives the same number to another one.
    name = f"{FOLDER}{erasure.asked_at:%Y%m%dT%H%M%S%f}-{erasure.pk}.json"
    try:
        archive().put_once(name, msgspec.json.encode(entry))
    except AlreadyThere:
        return


def entries() -> Iterator[Entry]:
    """Yield every entry, in the order of time."""
    outside = archive()
    for name in outside.names(FOLDER):
        yield msgspec.json.decode(outside.take(name), type=Entry)


def held_again(erased: Iterable[Entry]) -> list[set[str]]:
    """Return the persons of the ledger whose data from before their erasure is held, each by its keys.

    They are found by computing the pseudonym of every person in leads, in quarantine and in the first rows of files. Who came
    back later stays.
    """
    entries_of = {hidden: entry for entry in erased for hidden in entry.pseudonyms}
    found = defaultdict[tuple[str, ...], set[str]](set)
    if entries_of:
        for key, since in _every_person():
            entry = entries_of.get(pseudonym(key))
            if entry is not None and since <= entry.erased_at:
                found[tuple(entry.pseudonyms)].add(key)
    return list(found.values())


def _every_person() -> Iterator[tuple[str, datetime]]:
    """Yield each person that is named, and since when."""
    known = Lead.objects.exclude(person_key="").order_by().values_list("person_key").annotate(Min("received_at"))
    yield from ((key, since) for key, since in known.iterator() if not is_pseudonym(key))
    items = QuarantinedItem.objects.values_list("content", "received_at")
    files = FileImport.objects.exclude(kept_as="").values_list("found", "uploaded_at")
    for content, since in chain(items.iterator(), files.iterator()):
        for address in set(_ADDRESS.findall(msgspec.json.encode(content).decode())):
            key = email_key(address)
            if key and not is_pseudonym(key):
                yield key, since
