"""The price rules in force on a day, for one customer or for all, in the order in which rating prefers them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from django.db.models import QuerySet

from billing_engine.core.calendar.wall_clock import instant_of
from leads.models import Customer
from pricing.domain.rate.book.books import book_of
from pricing.domain.scope.scopes import FACTS, Scope, fixed_scope, full_scope, in_time, owner_of, rank_of
from pricing.models import PriceRule
from pricing.rating.instants import moment
from pricing.rating.match import RuleBook
from pricing.rating.values import CustomerFacts, CustomerId, RuleId

DAY = timedelta(days=1)
RELATED = ("customer", "product__customer", "source", "action_type", "revises")


@dataclass(slots=True)
class ListedRule:
    """A rule of the price list: where it stands, and what comes before and after it."""

    rule: PriceRule
    outranked_by: list[PriceRule] = field(default_factory=list)  # that win where both match, best first
    never_wins: bool = False  # on the whole day, because one of those matches all that it matches
    followed_by: PriceRule | None = None  # the revision that starts when it ends


@dataclass(frozen=True, slots=True)
class PriceList:
    """The rules in force on a day, best first, and the ones that start later, first come first."""

    in_force: list[ListedRule]
    announced: list[PriceRule]


def price_list(customer: Customer | None, day: date) -> PriceList:
    """Return the price list of one customer, or of all: by currency, and within it in the order of their rank.

    The day is each customer's own. An action is priced by the first rule of the list that matches it at its instant;
    only rules that start or end within the day may be in force for a part of it.
    """
    begin = datetime.combine(day, time.min)
    rules = _of_all(begin) if customer is None else _of(customer, begin)
    announced = _related(PriceRule.objects.in_force().filter(wall_from__gte=begin + DAY)).order_by("wall_from", "pk")
    theirs = [rule for rule in announced if not _is_void(rule) and (customer is None or _is_open_to(rule, customer))]
    return PriceList(_listed(rules, announced=theirs, begin=begin), theirs)


def _of(customer: Customer, begin: datetime) -> list[PriceRule]:
    """The rules that rating itself would use, in its own order."""
    book, zone = book_of(customer), customer.zone
    start, end = (moment(instant_of(wall, zone)) for wall in (begin, begin + DAY))
    facts = CustomerFacts(id=CustomerId(customer.pk), currency=customer.currency)
    ranked = [
        rule.id
        for rule in RuleBook(book.rules, facts, book.catalog).rules
        if rule.effective_from < end
        and (rule.effective_to is None or rule.effective_to > max(start, rule.effective_from))
    ]
    stored = PriceRule.objects.filter(pk__in=[pk for pk in ranked if isinstance(pk, int)])
    found = {RuleId(rule.pk): rule for rule in _related(stored)}
    return [found[pk] for pk in ranked if _is_open_to(found[pk], customer)]


def _of_all(begin: datetime) -> list[PriceRule]:
    found = list(_related(in_time(PriceRule.objects.in_force(), begin, begin + DAY)).order_by("pk"))
    found.sort(key=rank_of, reverse=True)
    return sorted(found, key=lambda rule: rule.currency)


def _related(rules: QuerySet[PriceRule]) -> QuerySet[PriceRule]:
    return rules.select_related(*RELATED).prefetch_related("tiers", "action_type__revisions", *FACTS)


def _is_open_to(rule: PriceRule, customer: Customer) -> bool:
    """Whether it could price an action of the customer: a rule for another customer's product could not."""
    return rule.currency == customer.currency and owner_of(rule) in (None, customer.pk)


def _is_void(rule: PriceRule) -> bool:
    """Whether it was superseded before it began."""
    return rule.wall_from == rule.wall_to


def _listed(rules: list[PriceRule], *, announced: Iterable[PriceRule], begin: datetime) -> list[ListedRule]:
    """Say of each rule what outranks it and what follows it."""
    scopes = {rule.pk: full_scope(rule) for rule in rules}
    later = {(rule.lineage, rule.wall_from): rule for rule in (*announced, *rules)}
    before = _Before()
    listed = []
    for rule in rules:
        stronger = [other for other in before.of(rule) if _meet(scopes[other.pk], scopes[rule.pk])]
        covering = (other for other in stronger if _has_all(fixed_scope(other), scopes[rule.pk]))
        never = any(_lasts(other, rule, begin) for other in covering)
        follower = None if rule.wall_to is None else later.get((rule.lineage, rule.wall_to))
        listed.append(ListedRule(rule, stronger, never, follower))
        before.add(rule)
    return listed


class _Before:
    """The rules so far, by whose actions they could price, so that few are compared."""

    def __init__(self) -> None:
        self._all = defaultdict[str, list[PriceRule]](list)
        self._of = defaultdict[tuple[str, int | None], list[PriceRule]](list)

    def add(self, rule: PriceRule) -> None:
        self._all[rule.currency].append(rule)
        self._of[rule.currency, owner_of(rule)].append(rule)

    def of(self, rule: PriceRule) -> Iterator[PriceRule]:
        """Those that could match the same actions as far as the customer decides, best first."""
        owner = owner_of(rule)
        if owner is None:
            yield from self._all[rule.currency]
        else:
            some = [*self._of[rule.currency, None], *self._of[rule.currency, owner]]
            yield from sorted(some, key=rank_of, reverse=True)


def _meet(one: Scope, other: Scope) -> bool:
    """Whether an action could match both scopes."""
    return all(one[name] == other[name] for name in one.keys() & other.keys())


def _has_all(wide: Scope, narrow: Scope) -> bool:
    """Whether every action of the narrow scope is in the wide one."""
    return all(narrow.get(name) == value for name, value in wide.items())


def _lasts(other: PriceRule, rule: PriceRule, begin: datetime) -> bool:
    """Whether the other rule is in force as long as this one is on the day."""
    starts, end = max(rule.wall_from, begin), begin + DAY
    ends = end if rule.wall_to is None else min(rule.wall_to, end)
    return other.wall_from <= starts and (other.wall_to is None or other.wall_to >= ends)
