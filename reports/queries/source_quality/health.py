"""The health and worth of one source: its figures, its days, its customers, and its rank among all sources."""

from dataclasses import dataclass, field
from datetime import date

from leads.models import Customer, Source
from reports.queries.source_quality.days import Days
from reports.queries.source_quality.groups import SOURCE, pieces_of
from reports.queries.source_quality.quality import Figures, Quality, quality_of, ranks
from reports.queries.source_quality.received import Received, received_by_day
from reports.queries.source_quality.worth import Worth, worth_by_customer


@dataclass(frozen=True, slots=True)
class Rank:
    """The place of a source by revenue per lead in one currency, among so many; None without leads."""

    now: int | None
    before: int | None
    among: int


@dataclass(slots=True)
class OfCustomer:
    """What the source's leads of one customer were worth, now and in the days before."""

    customer: Customer
    worth: Worth
    before: Worth


@dataclass(slots=True)
class Health:
    """Everything that the page of a source shows about a range of days."""

    quality: Quality
    by_day: dict[date, Received] = field(default_factory=dict)
    customers: list[OfCustomer] = field(default_factory=list)  # by currency, most first
    ranks: dict[str, Rank] = field(default_factory=dict)  # by currency


def health_of(source: Source, days: Days, *, sees: Figures) -> Health:
    """Return the source's figures in these days, as far as the person may see them."""
    (quality,) = quality_of(days, sees=Figures(sees.received, sees.refusals, worth=False), sources=[source])
    health = Health(quality)
    if sees.received:
        health.by_day = received_by_day(source.pk, days)
    if sees.worth:
        _add_worth(health, source, days, disputes=sees.disputes)
    return health


def _add_worth(health: Health, source: Source, days: Days, *, disputes: bool) -> None:
    everyone = quality_of(days, sees=Figures(received=False, refusals=False, disputes=disputes))
    own = next(each for each in everyone if each.key == source.code)
    health.quality.worth, health.quality.worth_before = own.worth, own.worth_before
    health.quality.first_charge = own.first_charge
    for currency in sorted({*own.worth, *own.worth_before}):
        now = ranks([(each.key, each.worth.get(currency)) for each in everyone])
        before = ranks([(each.key, each.worth_before.get(currency)) for each in everyone])
        health.ranks[currency] = Rank(now.get(source.code), before.get(source.code), len(now))
    found, earlier = (
        worth_by_customer(pieces_of(each, by=SOURCE, sources=[source]), each, disputes=disputes)
        for each in (days, days.before)
    )
    customers = Customer.objects.in_bulk({customer for _, customer in (*found, *earlier)})
    health.customers = [_of(each, source, found, earlier) for each in customers.values()]
    health.customers.sort(key=lambda each: (each.worth.currency, -each.worth.amount, each.customer.name.casefold()))


def _of(
    customer: Customer, source: Source, found: dict[tuple[str, int], Worth], earlier: dict[tuple[str, int], Worth]
) -> OfCustomer:
    place, none = (source.code, customer.pk), Worth(customer.currency)
    return OfCustomer(customer, found.get(place, none), earlier.get(place, none))
