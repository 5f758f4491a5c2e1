"""Change the price of many rules by a percentage or an amount: a draft of a revision each, from a day on."""

from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from django.contrib.auth.models import User
from django.db import transaction

from billing_engine.core import money
from billing_engine.core.errors import Refused
from pricing.domain.rule_book.drafting import save_draft
from pricing.domain.rule_book.drafts import with_tiers
from pricing.domain.rule_book.history import stored_terms
from pricing.domain.rule_book.rules import check_may_be_changed, copied_for_revision, locked
from pricing.domain.rule_book.validate import in_order
from pricing.domain.rule_wording import model_in_words
from pricing.models import PriceRule, PriceTier
from pricing.rating.prices import MODELS, Kind

PLACES_KEPT = 6
OF_UNITS = ("unit_price", "package_price")
HUNDRED = Decimal(100)


class NoUnitPrice(Refused):
    """An amount is added to the price of a unit or a package, which this rule doesn't have."""

    code = "rule_has_no_unit_price"
    message = "This rule has no price per unit or package. Change it by a percentage."


class BelowZero(Refused):
    """A price can't be negative."""

    code = "price_below_zero"
    message = "The price would be below zero."


class StaysTheSame(Refused):
    """After rounding, the price is what it was."""

    code = "price_stays_the_same"
    message = "Rounded, the price stays what it is."


class IsBeingRevised(Refused):
    """A second draft of the same revision could never be activated."""

    code = "rule_is_being_revised"
    message = "A draft revises this rule already. Activate or delete that draft first."


@dataclass(frozen=True, slots=True)
class PriceChange:
    """By how much: a percentage of each price and fee, or an amount on each price of a unit or package."""

    percent: Decimal | None = None
    amount: Decimal | None = None

    def __post_init__(self) -> None:
        if (self.percent is None) == (self.amount is None):
            raise ValueError("A price changes either by a percentage or by an amount.")

    def of(self, price: Decimal, currency: str) -> Decimal:
        """Return the new price, rounded half up to the currency's decimals, or to as many as the price has now."""
        new = price + self.amount if self.amount is not None else price * (1 + (self.percent or 0) / HUNDRED)
        if new < 0:
            raise BelowZero
        has = -int(price.normalize().as_tuple().exponent)
        places = min(max(money.places(currency), has), PLACES_KEPT)
        return new.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Planned:
    """What the change would do to one rule: its price now and then in words, or why it is skipped."""

    rule: PriceRule
    now: str
    then: str = ""
    refused: str = ""


def planned(rules: Iterable[PriceRule], change: PriceChange) -> list[Planned]:
    """Return what the change would do to each rule; nothing is written. Needs the rules' tiers."""
    plans = []
    for rule in rules:
        before = model_in_words(rule)
        try:
            _check(rule)
            new = copy(rule)
            tiers = _changed(new, in_order(rule.tiers.all()), change)
            plans.append(Planned(rule, before, model_in_words(with_tiers(new, tiers))))
        except Refused as refusal:
            plans.append(Planned(rule, before, refused=str(refusal)))
    return plans


@transaction.atomic
def reprice(rule: PriceRule, change: PriceChange, *, since: datetime, by: User) -> PriceRule:
    """Draft a revision of the rule with changed prices, which begins at `since`, a wall-clock time.

    Raises NotActive, NeverInForce, HasEnded, IsBeingRevised, NoUnitPrice, BelowZero, StaysTheSame or RuleIncomplete.
    """
    rule = locked(rule)
    _check(rule)
    terms, tiers = stored_terms(rule.pk), in_order(rule.tiers.all())
    draft = copied_for_revision(rule, by=by, since=since)
    return save_draft(draft, _changed(draft, tiers, change), by=by, revision_of=terms)


def _check(rule: PriceRule) -> None:
    check_may_be_changed(rule)
    if PriceRule.objects.filter(revises=rule, state=PriceRule.State.DRAFT).exists():
        raise IsBeingRevised


def _changed(rule: PriceRule, tiers: Sequence[PriceTier], change: PriceChange) -> list[PriceTier]:
    """Change the prices of the rule, which isn't saved, and return its new tiers."""
    names, rates = _prices_of(rule, change)
    if not names and not rates:
        raise NoUnitPrice
    before = [_values(rule, names), *(_values(tier, rates) for tier in tiers)]
    new = [copy(tier) for tier in tiers]
    rows: list[tuple[PriceRule | PriceTier, list[str]]] = [(rule, names), *((tier, rates) for tier in new)]
    for row, of in rows:
        for name, value in _values(row, of).items():
            setattr(row, name, change.of(value, rule.currency))
    if before == [_values(rule, names), *(_values(tier, rates) for tier in new)]:
        raise StaysTheSame
    return new


def _prices_of(rule: PriceRule, change: PriceChange) -> tuple[list[str], list[str]]:
    """The columns of the rule and of its tiers that the change applies to."""
    fields = MODELS[rule.price_model].fields
    if change.amount is not None:
        plain = [each.name for each in fields if each.name in OF_UNITS]
        return plain, ["unit_price" for each in fields if each.rate == "unit_price"]
    plain = [each.name for each in fields if each.kind in (Kind.MONEY, Kind.PERCENT) and not each.is_allowance]
    return plain, [name for each in fields if each.kind.is_tiers for name in (each.rate, "flat_fee")]


def _values(row: PriceRule | PriceTier, names: Iterable[str]) -> dict[str, Decimal]:
    return {name: value for name in names if (value := getattr(row, name)) is not None}
