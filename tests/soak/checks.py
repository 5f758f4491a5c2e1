"""The checks at the end of a soak; each depends only on its arguments and returns the violations as sentences."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from tests.soak.ledger import Key, Sent


class Number(NamedTuple):
    """The number of an invoice, and its place in a series."""

    series: int
    serial: int
    number: str


class Copy(NamedTuple):
    """An email as it arrived: its ID, and a digest of its content."""

    message_id: str
    digest: str


def acknowledged_once(
    acknowledged: Mapping[Key, Sent], created: Mapping[Key, int], stored: Sequence[tuple[Key, Sent]]
) -> list[str]:
    """Every acknowledged action is stored once as it was sent, nothing else is stored, and none was reported as new twice."""
    times = Counter(key for key, _ in stored)
    as_stored = dict(stored)
    return [
        *(f"{key} was acknowledged, but is missing" for key in acknowledged if key not in times),
        *(f"{key} is stored {count} times" for key, count in times.items() if count > 1),
        *(f"{key} is stored, but was never sent" for key in times if key not in acknowledged),
        *(
            f"{key} was sent as {sent}, but is stored as {as_stored[key]}"
            for key, sent in acknowledged.items()
            if key in as_stored and as_stored[key] != sent
        ),
        *(f"{key} was reported as new {count} times" for key, count in created.items() if count > 1),
    ]


def taken_back(acknowledged: Collection[Key], stored: Collection[Key]) -> list[str]:
    """Exactly the acknowledged voids are stored."""
    return [
        *(f"the void of {key} was acknowledged, but is missing" for key in sorted(set(acknowledged) - set(stored))),
        *(f"{key} is void, but was never voided by its source" for key in sorted(set(stored) - set(acknowledged))),
    ]


def nothing_waits(left: Mapping[str, int]) -> list[str]:
    """No mark, run, bulk action, email or document is waiting."""
    return [f"{count} {name}" for name, count in left.items() if count]


def one_live_invoice(periods: Iterable[int]) -> list[str]:
    """A period has at most one invoice that is not void; `periods` has the period of each of those."""
    return [f"period {period} has {count} live invoices" for period, count in Counter(periods).items() if count > 1]


def without_gap(numbers: Iterable[Number], *, last: Mapping[int, int], told: Collection[str]) -> list[str]:
    """Each series counts from 1 without gaps or duplicates, and numbers shown to a person never change."""
    by_series = defaultdict[int, list[Number]](list)
    for number in numbers:
        by_series[number.series].append(number)
    names = Counter(one.number for found in by_series.values() for one in found)
    faults = [f"{name} was issued {count} times" for name, count in names.items() if count > 1]
    for series in sorted(by_series.keys() | last.keys()):
        serials = Counter(one.serial for one in by_series[series])
        end = max([last.get(series, 0), *serials])
        faults += [f"series {series} lacks {serial}" for serial in range(1, end + 1) if serial not in serials]
        faults += [f"series {series} issued {serial} twice" for serial, count in serials.items() if count > 1]
        faults += [f"{one.number} is not {one.serial}" for one in by_series[series] if not _ends_in(one)]
    return [
        *faults,
        *(f"{number} was shown to a person, but is missing" for number in sorted(told) if number not in names),
    ]


def _ends_in(one: Number) -> bool:
    return one.number.rpartition("-")[2] == f"{one.serial:06d}"


def mailed_once(arrived: Iterable[Copy], *, sent: Mapping[str, int], interrupted: Collection[str]) -> list[str]:
    """Exactly the sent emails arrived; only after a kill during sending can one arrive twice, as an identical copy.

    `sent` has the emails in state sent by Message-ID, `interrupted` those whose worker was killed while sending.
    """
    copies = defaultdict[str, list[str]](list)
    for copy in arrived:
        copies[copy.message_id].append(copy.digest)
    faults = [f"{one} was sent, but never arrived" for one in sent if one not in copies]
    for one, digests in copies.items():
        if len(set(digests)) > 1:
            faults.append(f"{one} is the ID of {len(set(digests))} different emails")
        if one not in sent and one not in interrupted:
            faults.append(f"{one} arrived, but is not marked as sent")
        if len(digests) > 1 and one not in interrupted:
            faults.append(f"{one} arrived {len(digests)} times, but no worker was killed while sending it")
    return faults
