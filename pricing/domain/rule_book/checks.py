"""Price checks: saved expectations, compared with the rules in force or with a draft added."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import product as pairs
from typing import Any, TypeVar

from django.db.models import Q, QuerySet, prefetch_related_objects

from billing_engine.core import money
from billing_engine.core.calendar.wall_clock import instant_of, local_time
from billing_engine.core.errors import Refused
from leads.models import CustomerTerms, Product, Source
from pricing.domain.rate.charges import to_decimal
from pricing.domain.rate.inputs import rule_facts
from pricing.domain.rule_book.drafts import as_if_active
from pricing.domain.rule_book.example import Example, decide, noon_of, within_the_calendar
from pricing.domain.scope.scopes import owner_of
from pricing.models import Charge, PriceCheck, PriceRule
from pricing.rating.instants import moment
from pricing.rating.values import CustomerId, Decision, KindId, RuleFacts, RuleId

RELATED = ("customer", "product__customer", "action_type", "source")
TERMS = "product__customer__terms"
FACTS = ("product__revisions", "source__revisions", "action_type__revisions")
Row = TypeVar("Row", Product, Source)
A_DAY = timedelta(days=1)  # clocks change by less


class PriceChecksFail(Refused):
    """A draft that would break saved price expectations is not activated by accident."""

    code = "price_checks_fail"


class OverrideNeedsAReason(Refused):
    """Overriding a failing price check needs a reason."""

    code = "override_needs_a_reason"
    message = "Price checks fail. Give a reason for activating anyway."


@dataclass(frozen=True, slots=True)
class CheckResult:
    """Whether a check passes; if not, what its action would cost instead.

    `failed_before`: it fails with the same price without the draft, so the draft is not to blame.
    """

    check: PriceCheck
    holds: bool
    found: str
    failed_before: bool = False

    @property
    def is_broken(self) -> bool:
        """Whether it fails because of the draft."""
        return not self.holds and not self.failed_before


def check_prices(rule: PriceRule, *, at: datetime, override: bool, reason: str) -> list[PriceCheck]:
    """The checks that fail because of this draft, if a person overrides them; otherwise refuse its activation.

    Checks that also fail without the draft are ignored.
    """
    failing = [result for result in checks_with(rule, at=at) if result.is_broken]
    if not failing:
        return []
    if not override:
        words = "; ".join(f"“{result.check}”: {result.found}" for result in failing[:5])
        raise PriceChecksFail(f"{len(failing)} price check{'s' if len(failing) > 1 else ''} would fail. {words}.")
    if not reason.strip():
        raise OverrideNeedsAReason
    return [result.check for result in failing]


def checks_with(rule: PriceRule, *, at: datetime) -> list[CheckResult]:
    """Run every check of the customers that the draft, or the rule it revises, affects, as if the draft were active."""
    concerned = [owner_of(each) for each in (rule, rule.revises) if each is not None]
    checks = PriceCheck.objects.filter(customer__currency=rule.currency)
    if None not in concerned:
        checks = checks.filter(customer__in=concerned)
    return run_checks(checks, at=at, draft=rule)


def run_checks(
    checks: QuerySet[PriceCheck] | Sequence[PriceCheck],
    *,
    at: datetime,
    draft: PriceRule | None = None,
    terms: Callable[[date], CustomerTerms] | None = None,
) -> list[CheckResult]:
    """Run each check at its own day or at `at`, and once the draft has started for its customer.

    `terms` gives the terms of a day, to try a change of one customer's terms. The number of queries does not grow with
    the number of checks.
    """
    found = list(checks.select_related(*RELATED).order_by("name", "pk") if isinstance(checks, QuerySet) else checks)
    prefetch_related_objects(found, TERMS, *FACTS)
    if not found:
        return []
    when = {check.pk: _when(check, at, draft) for check in found}
    data = _SharedData(found, begin=min(when.values()), end=max(when.values()), draft=draft, terms=terms)
    return [data.run(check, when[check.pk]) for check in found]


class _SharedData:
    """The rules, products and sources that several customers' checks need, each read once."""

    def __init__(
        self,
        checks: list[PriceCheck],
        *,
        begin: datetime,
        end: datetime,
        draft: PriceRule | None,
        terms: Callable[[date], CustomerTerms] | None,
    ) -> None:
        self._terms = terms
        customers, zones = {check.customer_id for check in checks}, {check.customer.zone for check in checks}
        currencies = {check.customer.currency for check in checks}
        rules = list(
            PriceRule.objects.in_force()
            .filter(Q(customer=None) | Q(customer__in=customers), currency__in=currencies)
            .filter(Q(wall_to=None) | Q(wall_to__gt=min(local_time(begin, zone) for zone in zones) - A_DAY))
            .filter(wall_from__lte=max(local_time(end, zone) for zone in zones) + A_DAY)
            .prefetch_related("tiers")
        )
        drafts = [] if draft is None else [draft]
        self._names = {RuleId(rule.pk): rule.name for rule in (*rules, *drafts)}
        self._before = {zone: [rule_facts(rule, zone) for rule in rules] for zone in zones}
        self._rules = {zone: as_if_active(facts, drafts, zone=zone) for zone, facts in self._before.items()}
        self._has_draft = draft is not None
        products = Product.objects.filter(customer__in=customers).select_related("customer").order_by("sku", "pk")
        products = products.prefetch_related("revisions", "customer__terms")
        self._products: dict[int, list[Product]] = {}
        for product in products:
            self._products.setdefault(product.customer_id, []).append(product)
        self._sources = list(Source.objects.filter(is_active=True).order_by("pk").prefetch_related("revisions"))

    def run(self, check: PriceCheck, at: datetime) -> CheckResult:
        """The check's result; the first example with another price fails it.

        An example that the draft changes comes before one that is also wrong without it.
        """
        rules, before = (
            [rule for rule in book[check.customer.zone] if _could_price(rule, check, at)]
            for book in (self._rules, self._before)
        )
        wrong, is_empty = "", True
        for example in self._examples(check, [*rules, *before], at):
            is_empty = False
            decision = decide(example, rules, winner=None)
            if _is_as_expected(decision, check):
                continue
            if not self._has_draft or _outcome(decision) != _outcome(decide(example, before, winner=None)):
                return CheckResult(check, holds=False, found=self._told(example, decision))
            wrong = wrong or self._told(example, decision)
        if is_empty:
            wrong = "there is no product or active source to check"
        return CheckResult(
            check, holds=not wrong, found=wrong or "holds", failed_before=bool(wrong) and self._has_draft
        )

    def _examples(self, check: PriceCheck, rules: list[RuleFacts], at: datetime) -> Iterator[Example]:
        products = [check.product] if check.product else self._products.get(check.customer_id, [])
        sources = [check.source] if check.source else self._sources
        day = at.astimezone(check.customer.zone).date()
        if check.channel:
            sources = [source for source in sources if source.facts_on(day).channel == check.channel]
        for product, source in pairs(
            _different(products, {rule.product for rule in rules}, lambda each: each.facts_on(day).category),
            _different(sources, {rule.source for rule in rules}, lambda each: each.facts_on(day).channel),
        ):
            terms = self._terms(product.customer.day_of(at)) if self._terms else None
            yield Example(product, source, check.action_type, at, check.quantity, check.value, terms=terms)

    def _told(self, example: Example, decision: Decision) -> str:
        of = f"for {example.product.sku} from {example.source}"
        if decision.reason:
            return f"not charged ({Charge.Reason(decision.reason).label.lower()}) {of}"
        if decision.rule is None:
            return f"unrated {of}"
        amount = money.price_in_words(to_decimal(decision.amount), example.customer.currency)
        return f"{amount} {of}, by “{self._names[decision.rule]}”"


def _is_as_expected(decision: Decision, check: PriceCheck) -> bool:
    return decision.rule is not None and not decision.reason and to_decimal(decision.amount) == check.expected


def _outcome(decision: Decision) -> tuple[int, str, bool]:
    """The price or the reason for none, regardless of which rule gives it."""
    return decision.amount, decision.reason, decision.is_unrated


def _when(check: PriceCheck, at: datetime, draft: PriceRule | None) -> datetime:
    if check.occurs_on is None:
        return at if draft is None else within_the_calendar(max(at, instant_of(draft.wall_from, check.customer.zone)))
    return noon_of(check.occurs_on, check.customer.zone)


def _could_price(rule: RuleFacts, check: PriceCheck, at: datetime) -> bool:
    when = moment(at)
    return (
        rule.customer in (None, CustomerId(check.customer_id))
        and rule.currency == check.customer.currency
        and rule.action_type in (None, KindId(check.action_type_id))
        and rule.effective_from <= when
        and (rule.effective_to is None or when < rule.effective_to)
    )


def _different(rows: Iterable[Row], named: set[Any], kind: Callable[[Row], str]) -> Iterator[Row]:
    """Those that a rule names, and one of each other kind, because no rule can tell those apart."""
    seen = set()
    for row in rows:
        key = (row.pk, "") if row.pk in named else (0, kind(row))
        if key not in seen:
            seen.add(key)
            yield row
