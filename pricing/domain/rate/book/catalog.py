"""Read the catalog's facts from the database, each from the midnight of its first day in a customer's time zone."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from billing_engine.core.calendar.spans import midnight
from leads.models import ActionTypeRevision, CatalogRevision, ProductRevision, SourceRevision
from pricing.domain.rate.inputs import Owner
from pricing.rating.instants import moment
from pricing.rating.values import Catalog, Changes, KindId, ProductFacts, ProductId, SourceFacts, SourceId

Id = TypeVar("Id")
Fact = TypeVar("Fact")
Dated = list[tuple[date, Fact]]  # each from its first day on, in order


def catalogs_in_force(owners: Collection[Owner]) -> dict[Owner, Catalog]:
    """Each customer's products; for all customers together, every source and action type."""
    all_zones = [owner for owner in owners if owner.customer is None]
    customers = [owner for owner in owners if owner.customer is not None]
    return (_shared(all_zones) if all_zones else {}) | (_products(customers) if customers else {})


def _shared(owners: Iterable[Owner]) -> dict[Owner, Catalog]:
    channels = {
        SourceId(pk): [(day, SourceFacts(SourceId(pk), it)) for day, it in dated]
        for pk, dated in _dated(_in_force(SourceRevision, "source_id", "channel")).items()
    }
    billable = {
        KindId(pk): it for pk, it in _dated(_in_force(ActionTypeRevision, "action_type_id", "is_billable")).items()
    }
    return {
        owner: Catalog(
            {},
            _first(channels),
            _first(billable),
            sources_later=_later(channels, ZoneInfo(owner.time_zone)),
            is_billable_later=_later(billable, ZoneInfo(owner.time_zone)),
        )
        for owner in owners
    }


def _products(owners: Iterable[Owner]) -> dict[Owner, Catalog]:
    facts: dict[int | None, dict[ProductId, Dated[ProductFacts]]] = {owner.customer: {} for owner in owners}
    of_theirs = _in_force(ProductRevision, "product_id", "category", "product__customer_id")
    rows = list(of_theirs.filter(product__customer__in=facts))
    customers = {pk: customer for pk, _, _, customer in rows}
    for pk, dated in _dated(row[:3] for row in rows).items():
        product = ProductId(pk)
        facts[customers[pk]][product] = [(day, ProductFacts(product, it)) for day, it in dated]
    return {
        owner: Catalog(
            _first(facts[owner.customer]),
            {},
            {},
            products_later=_later(facts[owner.customer], ZoneInfo(owner.time_zone)),
        )
        for owner in owners
    }


def _in_force(stored: type[CatalogRevision], *columns: str) -> Any:
    """Rows of the subject, the first day and the fact, in the order of their days."""
    revisions: Any = stored._meta.default_manager
    subject, *facts = columns
    return revisions.in_force().by_day().values_list(subject, "first_day", *facts)


def _dated(rows: Iterable[tuple[int, date, Any]]) -> dict[int, Dated[Any]]:
    """By subject: the fact from each first day on, as far as it changes."""
    found = defaultdict[int, Dated[Any]](list)
    for pk, day, value in rows:
        dated = found[pk]
        if dated and dated[-1][0] == day:
            dated.pop()
        if not dated or dated[-1][1] != value:
            dated.append((day, value))
    return found


def _first(facts: Mapping[Id, Dated[Fact]]) -> dict[Id, Fact]:
    return {of: dated[0][1] for of, dated in facts.items()}


def _later(facts: Mapping[Id, Dated[Fact]], zone: ZoneInfo) -> dict[Id, Changes[Fact]]:
    return {
        of: tuple((moment(midnight(day, zone)), fact) for day, fact in dated[1:])
        for of, dated in facts.items()
        if len(dated) > 1
    }
