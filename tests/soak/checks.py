"""What has to hold when all is quiet; each check answers with what does not, in words, and asks nobody but its arguments."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from tests.soak.ledger import Key, Sent


class Number(NamedTuple):
    """An invoice's number, and its place in a series."""

    series: int
    serial: int
    number: str


class Copy(NamedTuple):
    """A mail as it arrived: its id, and a digest of all that it says."""

    message_id: str
    digest: str


def acknowledged_once(
    acknowledged: Mapping[Key, Sent], created: Mapping[Key, int], stored: Sequence[tuple[Key, Sent]]
) -> list[str]:
    """Every acknowledged action is stored once, as it was sent; nothing else is; and none was answered as new twice."""
    times = Counter(key for key, _ in stored)
    as_stored = dict(stored)
    return [
        *(f"{key} was acknowledged, and is missing" for key in acknowledged if key not in times),
        *(f"{key} is stored {count} times" for key, count in times.items() if count > 1),
        *(f"{key} is stored, and nobody sent it" for key in times if key not in acknowledged),
        *(
            f"{key} was sent as {sent}, and is stored as {as_stored[key]}"
            for key, sent in acknowledged.items()
            if key in as_stored and as_stored[key] != sent
        ),
        *(f"{key} was answered as new {count} times" for key, count in created.items() if count > 1),
    ]


def taken_back(acknowledged: Collection[Key], stored: Collection[Key]) -> list[str]:
    """Every acknowledged void is there, and no other."""
    return [
        *(f"the void of {key} was acknowledged, and is missing" for key in sorted(set(acknowledged) - set(stored))),
        *(f"{key} is void, and nobody took it back" for key in sorted(set(stored) - set(acknowledged))),
    ]


def nothing_waits(left: Mapping[str, int]) -> list[str]:
    """No mark, no run, no bulk action, no mail and no document."""
    return [f"{count} {name}" for name, count in left.items() if count]


def one_live_invoice(periods: Iterable[int]) -> list[str]:
    """Of each period at most one invoice that is not void; `periods` names the period of each of those."""
    return [f"period {period} has {count} live invoices" for period, count in Counter(periods).items() if count > 1]


def without_gap(numbers: Iterable[Number], *, last: Mapping[int, int], told: Collection[str]) -> list[str]:
    """Each series counts from one on, gives each number once, and what a person was told stands."""
    by_series = defaultdict[int, list[Number]](list)
    for number in numbers:
        by_series[number.series].append(number)
    names = Counter(one.number for found in by_series.values() for one in found)
    faults = [f"{name} was given {count} times" for name, count in names.items() if count > 1]
    for series in sorted(by_series.keys() | last.keys()):
        serials = Counter(one.serial for one in by_series[series])
        end = max([last.get(series, 0), *serials])
        faults += [f"series {series} lacks {serial}" for serial in range(1, end + 1) if serial not in serials]
        faults += [f"series {series} gave {serial} twice" for serial, count in serials.items() if count > 1]
        faults += [f"{one.number} is not {one.serial}" for one in by_series[series] if not _ends_in(one)]
    return [*faults, *(f"{number} was told, and is not there" for number in sorted(told) if number not in names)]


def _ends_in(one: Number) -> bool:
    return one.number.rpartition("-")[2] == f"{one.serial:06d}"


def mailed_once(arrived: Iterable[Copy], *, sent: Mapping[str, int], interrupted: Collection[str]) -> list[str]:
    """No mail came twice but as a copy of itself after a kill in mid-air; what is said to be sent came; nothing else did.

    `sent` has the state-sent mails of each Message-ID, `interrupted` those whose worker was killed over it.
    """
    copies = defaultdict[str, list[str]](list)
    for copy in arrived:
        copies[copy.message_id].append(copy.digest)
    faults = [f"{one} was sent, and never came" for one in sent if one not in copies]
    for one, digests in copies.items():
        if len(set(digests)) > 1:
            faults.append(f"{one} is the id of {len(set(digests))} different mails")
        if one not in sent and one not in interrupted:
            faults.append(f"{one} came, and is not said to be sent")
        if len(digests) > 1 and one not in interrupted:
            faults.append(f"{one} came {len(digests)} times, and no worker was killed over it")
    return faults
