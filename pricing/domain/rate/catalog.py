"""Read the catalog's facts from the database, each from the midnight of its first day in a customer's time zone."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from operator import itemgetter
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from billing_engine.core.calendar.spans import midnight
from leads.models import ActionTypeRevision, CatalogRevision, Customer, ProductRevision, SourceRevision
from pricing.rating.instants import moment
from pricing.rating.values import Catalog, Changes, KindId, ProductFacts, ProductId, SourceFacts, SourceId

Id = TypeVar("Id")
Fact = TypeVar("Fact")
Dated = list[tuple[date, Fact]]  # each from its first day on, in order


def catalog_for(customer: Customer, *, proposed: Sequence[CatalogRevision] = ()) -> Catalog:
    """This customer's products, and every source and action type, as if the proposed revisions were in force."""
    return catalogs_for([customer], proposed=proposed)[customer.pk]


def catalogs_for(customers: Iterable[Customer], *, proposed: Sequence[CatalogRevision] = ()) -> dict[int, Catalog]:
    """The same for several customers; read once, and dated once per time zone."""
    customers = list(customers)
    products = _read(
        ProductRevision.objects.filter(product__customer__in=customers), "product_id", "category", proposed
    )
    sources = _read(SourceRevision.objects.all(), "source_id", "channel", proposed)
    kinds = _read(ActionTypeRevision.objects.all(), "action_type_id", "is_billable", proposed)
    categories = {
        ProductId(pk): [(day, ProductFacts(ProductId(pk), it)) for day, it in dated] for pk, dated in products.items()
    }
    channels = {
        SourceId(pk): [(day, SourceFacts(SourceId(pk), it)) for day, it in dated] for pk, dated in sources.items()
    }
    billable = {KindId(pk): dated for pk, dated in kinds.items()}
    first = _first(categories), _first(channels), _first(billable)
    by_zone = {
        name: Catalog(*first, *(_later(each, ZoneInfo(name)) for each in (categories, channels, billable)))
        for name in {customer.time_zone for customer in customers}
    }
    return {customer.pk: by_zone[customer.time_zone] for customer in customers}


def _read(stored: Any, subject: str, fact: str, proposed: Sequence[CatalogRevision]) -> dict[int, Dated[Any]]:
    """By subject: the fact from each first day on, as far as it changes."""
    rows = list(stored.in_force().by_day().values_list(subject, "first_day", fact))
    # The sort is stable: a proposed revision comes after those of the same first day.
    theirs = [each for each in proposed if isinstance(each, stored.model)]
    rows += [(getattr(each, subject), each.first_day, getattr(each, fact)) for each in theirs]
    found = defaultdict[int, Dated[Any]](list)
    for pk, day, value in sorted(rows, key=itemgetter(1)):
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
