"""What prices depend on, kept by each process until a rule or a fact of the catalog changes.

Triggers stamp every change in the transaction that makes it, and each call reads the stamps again: what was committed
before the call is always seen.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar
from uuid import UUID

from leads.models import Customer
from pricing.domain.rate.book.catalog import catalogs_in_force
from pricing.domain.rate.inputs import Owner, rules_in_force
from pricing.models import BookStamp
from pricing.rating.values import Catalog, RuleFacts

Kind = BookStamp.Kind
Stamps = tuple[UUID, ...]
Facts = TypeVar("Facts")

# The facts of this many customers are kept, a few kilobytes each.
KEPT_AT_MOST = 5_000


@dataclass(frozen=True, slots=True)
class Book:
    """The rules that could price an action of one customer at any time, and the catalog they are matched by."""

    rules: list[RuleFacts]
    catalog: Catalog


def book_of(customer: Customer) -> Book:
    """The customer's rules and catalog as they are now."""
    return books_of([customer])[customer.pk]


def books_of(customers: Iterable[Customer]) -> dict[int, Book]:
    """The same for several customers, by their ids; includes what the current transaction itself has changed."""
    shared, own = dict[int, Owner](), dict[int, Owner]()
    for customer in customers:
        shared[customer.pk] = Owner(None, customer.time_zone, customer.currency)
        own[customer.pk] = Owner(customer.pk, customer.time_zone, customer.currency)
    owners, stamps = {*shared.values(), *own.values()}, _stamps()
    rules, catalogs = _RULES.of(owners, stamps), _CATALOGS.of(owners, stamps)
    return {
        pk: Book(
            rules=[*rules[shared[pk]], *rules[own[pk]]],
            catalog=replace(
                catalogs[shared[pk]],
                products=catalogs[own[pk]].products,
                products_later=catalogs[own[pk]].products_later,
            ),
        )
        for pk in own
    }


def book_version() -> str:
    """What is another one after each change of a rule or of a fact of the catalog of any customer."""
    return repr(sorted(_stamps().items()))


@dataclass(slots=True)
class _Kept(Generic[Facts]):
    """What was read under one set of stamps."""

    stamps: Stamps = ()
    facts: dict[Owner, Facts] = field(default_factory=dict)


class _Shelf(Generic[Facts]):
    """Facts of one kind, read if they are missing or their stamps have changed."""

    def __init__(self, kind: Kind, read: Callable[[Collection[Owner]], dict[Owner, Facts]]) -> None:
        self._kind, self._read = kind, read
        self._kept: _Kept[Facts] = _Kept()

    def of(self, owners: Collection[Owner], stamps: Mapping[str, Stamps]) -> Mapping[Owner, Facts]:
        now = stamps[self._kind]
        kept: _Kept[Facts] = self._kept if self._kept.stamps == now else _Kept(now)
        known = {owner: kept.facts[owner] for owner in owners if owner in kept.facts}
        missing = [owner for owner in owners if owner not in known]
        if not missing:
            return known
        read = self._read(missing)
        # What was read while it changed may be newer than its stamps say: it is used once, and not kept.
        if now and _stamps()[self._kind] == now:
            if len(kept.facts) + len(read) > KEPT_AT_MOST:
                kept.facts.clear()
            kept.facts.update(read)
            self._kept = kept
        return known | read


_RULES = _Shelf(Kind.RULES, rules_in_force)
_CATALOGS = _Shelf(Kind.CATALOG, catalogs_in_force)


def _stamps() -> Mapping[str, Stamps]:
    """All stamps of each kind that this transaction sees; they are the same only if nothing has changed."""
    found = defaultdict[str, Stamps](tuple)
    for kind, stamp in BookStamp.objects.order_by("pk").values_list("kind", "stamp"):
        found[kind] += (stamp,)
    return found
