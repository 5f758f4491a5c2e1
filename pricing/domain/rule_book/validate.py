"""Validate a rule's terms field by field, for the form, the spreadsheet and the activation alike."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from billing_engine.core.errors import FieldFault, HasFaults
from billing_engine.core.money import is_currency
from leads.models import Customer, Product
from pricing.domain.rate.inputs import given_of, maybe_micro, price_facts
from pricing.domain.rule_book.price_parts import RATES, tiers_of
from pricing.domain.scope.fit import contradictions
from pricing.models import PriceRule, PriceTier
from pricing.models.rule import TIERS_AT_MOST
from pricing.rating.highest import highest_only_conflict
from pricing.rating.prices import MODELS, Field
from pricing.rating.prices.tiers import TierCode
from pricing.rating.prices.tiers import tier_faults as faults_of_ends
from pricing.wording.statement import words as in_words
from pricing.wording.tiers import WORDS, fault_in_words

DAYS_AT_MOST = 3_650
NO_NUMBER = "Enter a number such as 18.50, with a decimal point and no thousands separators."
NEGATIVE = {"cap_per_lead": "Limit can't be negative.", "cap_per_period": "Limit can't be negative."}
NEGATIVE_OF_A_TIER = {
    "unit_price": "Price can't be negative.",
    "percent": "Percent can't be negative.",
    "flat_fee": "Fee can't be negative.",
}
TIERS = "tiers"
SHAPE = "tiers_do_not_ascend"


class RuleIncomplete(HasFaults):
    """A rule with faults can't be activated."""

    code = "rule_incomplete"


def check_rule(rule: PriceRule, tiers: Sequence[PriceTier]) -> None:
    """Refuse a rule that could not price or match anything. Raises RuleIncomplete."""
    faults = [*rule_faults(rule), *tiers_faults(rule, tiers)]
    if not faults:
        return
    # "This one" needs its row next to it; here the price's own message covers all tiers.
    shape = {fault.code for fault in faults} & {SHAPE}
    words = [fault.words for fault in faults if fault.code != SHAPE]
    if shape:
        words.insert(0, _refusal_of_price(rule))
    raise RuleIncomplete(faults, " ".join(words))


def rule_faults(rule: PriceRule) -> list[FieldFault]:
    """What is wrong with the rule, saved or not, without its tiers."""
    return [*_of_price(rule), *_of_once(rule), *_of_highest_only(rule), *_of_scope(rule), *_of_time(rule)]


def tier_faults(tier: PriceTier) -> list[FieldFault]:
    """What is wrong with one tier by itself."""
    found = list(negative(tier, NEGATIVE_OF_A_TIER))
    if tier.up_to is not None and tier.up_to <= 0:
        found.append(FieldFault("up_to", "not_above_zero", WORDS[TierCode.NOT_ABOVE_ZERO]))
    return found


def tiers_faults(rule: PriceRule, tiers: Sequence[PriceTier]) -> list[FieldFault]:
    """What is wrong with a price's tiers, in order, each fault with the row of its tier."""
    name = rule.get_price_model_display().lower()
    field = tiers_of(rule.price_model)
    if field is None:
        words = f"A {name} price has no tiers. Remove them."
        return [FieldFault(TIERS, "has_no_tiers", words)] if tiers else []
    if len(tiers) > TIERS_AT_MOST:
        return [FieldFault(TIERS, "too_many_tiers", f"A price can have at most {TIERS_AT_MOST:,} tiers.")]
    if not tiers:
        return [FieldFault(TIERS, SHAPE, f"A {name} price needs tiers, and the last one must have no end.")]
    found = [_at(row, fault) for row, tier in enumerate(tiers) for fault in tier_faults(tier)]
    found += _of_rates(tiers, field)
    return found or list(_of_ends(tiers))


def in_order(tiers: Iterable[PriceTier]) -> list[PriceTier]:
    """Saved tiers in order, the one without an end last."""
    return sorted(tiers, key=lambda tier: (tier.up_to is None, tier.up_to or 0))


def currency_of(customer: Customer | None, product: Product | None) -> str:
    """The default currency of a rule: its customer's, or that of all customers; "" if they differ."""
    owner = customer or (product.customer if product else None)
    if owner:
        return owner.currency
    found = set(Customer.objects.values_list("currency", flat=True).distinct())
    return found.pop() if len(found) == 1 else ""


def negative(row: Any, words: dict[str, str]) -> Iterator[FieldFault]:
    """A fault for each number of a row that is below zero."""
    for name, message in words.items():
        number = getattr(row, name)
        if number is not None and number < 0:
            yield FieldFault(name, "negative", message)


def _of_price(rule: PriceRule) -> Iterator[FieldFault]:
    model = MODELS.get(rule.price_model)
    if model:
        amounts = [each for each in model.fields if not each.kind.is_tiers]
        for fault in model.faults(given_of(rule, amounts)):
            yield FieldFault(fault.field, fault.code, in_words(fault.statement, rule.currency))
    yield from negative(rule, NEGATIVE)


def _of_once(rule: PriceRule) -> Iterator[FieldFault]:
    if not rule.once_per:
        return
    if not rule.once_days:
        yield FieldFault("once_days", "missing", "Enter the number of days, at least 1.")
    elif rule.once_days > DAYS_AT_MOST:
        yield FieldFault("once_days", "too_many_days", f"Enter at most {DAYS_AT_MOST:,} days (ten years).")


def _of_highest_only(rule: PriceRule) -> Iterator[FieldFault]:
    if not rule.highest_only or rule.price_model not in MODELS:
        return
    model = MODELS[rule.price_model]
    free = (getattr(rule, each.name) for each in model.fields if each.is_allowance)
    if conflict := highest_only_conflict(model, *free):
        yield FieldFault("highest_only", "highest_only_conflict", conflict)


def _of_scope(rule: PriceRule) -> Iterator[FieldFault]:
    if not rule.currency:
        yield FieldFault("currency", "missing", "Choose a currency. A rule prices customers of one currency.")
    elif not is_currency(rule.currency):
        words = f"{rule.currency} is not an ISO 4217 currency code, such as USD."
        yield FieldFault("currency", "unknown_currency", words)
    yield from contradictions(rule)


def _of_time(rule: PriceRule) -> Iterator[FieldFault]:
    if rule.wall_from and rule.wall_to and rule.wall_to <= rule.wall_from:
        yield FieldFault("wall_to", "ends_before_it_begins", "A rule must end after it starts.")


def _of_rates(tiers: Sequence[PriceTier], field: Field) -> Iterator[FieldFault]:
    rate = field.rate
    (other,) = set(RATES) - {rate}
    for row, tier in enumerate(tiers):
        if getattr(tier, rate) is None or getattr(tier, other) is not None:
            yield FieldFault(rate, "missing", field.missing, row)


def _of_ends(tiers: Sequence[PriceTier]) -> Iterator[FieldFault]:
    told = set[int]()
    for fault in faults_of_ends([maybe_micro(tier.up_to) for tier in tiers]):
        if fault.place not in told:
            yield FieldFault("up_to", SHAPE, fault_in_words(fault), fault.place)
        told.add(fault.place)


def _at(row: int, fault: FieldFault) -> FieldFault:
    return FieldFault(fault.field, fault.code, fault.words, row)


def _refusal_of_price(rule: PriceRule) -> str:
    try:
        price_facts(rule)
    except ValueError as error:
        return str(error)
    return ""
