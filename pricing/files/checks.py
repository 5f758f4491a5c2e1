"""Check rules that match the schema: duplicate names, the 30th of February, tiers out of order."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import assert_never
from zoneinfo import available_timezones

from msgspec.structs import astuple

from billing_engine.core.money import fits, is_currency, no_fraction_in_words
from pricing.files import forms
from pricing.files.faults import Problem, step
from pricing.files.values import given_of, micro, model_of, rule_facts, written
from pricing.rating.highest import highest_only_conflict
from pricing.rating.prices.tiers import TierCode, TierFault, tier_faults
from pricing.rating.values import RuleFacts
from pricing.wording.statement import words

Placed = tuple[int, RuleFacts]  # a rule and its index in the list


def problems_of(read: forms.Rules) -> Iterator[Problem]:
    """All problems, each with its pointer."""
    for place, customer in enumerate(read.customers):
        yield from _within(f"/customers/{place}", _customer_problems(customer))
    yield from _doubles("customers", "code", [customer.code for customer in read.customers])
    yield from _doubles("action_types", "code", [kind.code for kind in read.action_types])
    for place, kind in enumerate(read.action_types):
        yield from _within(f"/action_types/{place}", _kind_problems(kind))
    valid = dict[int, forms.Rule]()
    for place, rule in enumerate(read.rules):
        found = list(_within(f"/rules/{place}", _rule_problems(rule)))
        yield from found
        if not found:
            valid[place] = rule
    yield from _doubles("rules", "id", [rule.id for rule in read.rules])
    yield from _overlaps(valid)


def _within(pointer: str, problems: Iterable[Problem]) -> Iterator[Problem]:
    for problem in problems:
        yield Problem(pointer + problem.pointer, problem.reason)


def _doubles(members: str, name: str, values: list[str]) -> Iterator[Problem]:
    first = dict[str, int]()
    for place, value in enumerate(values):
        if value in first:
            yield Problem(f"/{members}/{place}/{name}", f'"{value}" is already used at /{members}/{first[value]}')
        first.setdefault(value, place)


def _overlaps(rules: dict[int, forms.Rule]) -> Iterator[Problem]:
    """Two rules of the same scope, currency and priority at the same time: nothing could choose between them."""
    of_scope = dict[tuple[object, ...], list[Placed]]()
    for place, form in rules.items():
        facts = rule_facts(form)
        # A rule that ends where it starts prices nothing, so it overlaps nothing.
        if facts.effective_from != facts.effective_to:
            of_scope.setdefault((*astuple(form.scope), facts.currency, facts.priority), []).append((place, facts))
    for alike in of_scope.values():
        yield from _overlaps_in(sorted(alike, key=lambda each: (each[1].effective_from, each[0])))


def _overlaps_in(alike: list[Placed]) -> Iterator[Problem]:
    """Of rules in order of their start, those that start before an earlier one has ended."""
    (reaching, last), *others = alike
    for place, rule in others:
        if last.effective_to is None or rule.effective_from < last.effective_to:
            words = (
                f'overlaps rule "{last.id}" at /rules/{reaching}: same scope, currency and priority at the same time'
            )
            yield Problem(f"/rules/{place}", words)
        if last.effective_to is not None and (rule.effective_to is None or rule.effective_to > last.effective_to):
            reaching, last = place, rule


def _customer_problems(customer: forms.Customer) -> Iterator[Problem]:
    """What is invalid in a customer that matches the schema."""
    if not is_currency(customer.currency):
        yield Problem("/currency", f"{customer.currency} is not an ISO 4217 currency code")
    if customer.time_zone not in _time_zones():
        yield Problem("/time_zone", f"{customer.time_zone} is not an IANA time zone such as America/New_York")
    if customer.hard_budget and customer.monthly_budget is None:
        yield Problem("/hard_budget", "is true, but there is no monthly_budget")
    elif customer.monthly_budget is not None and not fits(Decimal(customer.monthly_budget), customer.currency):
        yield Problem("/monthly_budget", no_fraction_in_words(customer.currency))
    yield from _disorder("contract_from", customer.contract_from, "contract_to", customer.contract_to, date)


def _kind_problems(kind: forms.ActionType) -> Iterator[Problem]:
    """What is invalid in an action type that matches the schema: days that do not exist, or that do not ascend."""
    last = None
    for place, change in enumerate(kind.changes):
        pointer = f"/changes/{place}/first_day"
        try:
            day = date.fromisoformat(change.first_day)
        except ValueError:
            yield Problem(pointer, f"{change.first_day} does not exist")
            continue
        if last is not None and day <= last:
            yield Problem(pointer, f"{day} is not after {last}, the day of the previous change")
        last = day


def _rule_problems(rule: forms.Rule) -> Iterator[Problem]:
    """What is invalid in a rule that matches the schema."""
    if not is_currency(rule.currency):
        yield Problem("/currency", f"{rule.currency} is not an ISO 4217 currency code")
    yield from _disorder("effective_from", rule.effective_from, "effective_to", rule.effective_to, datetime)
    yield from _price_problems(rule)


def _price_problems(rule: forms.Rule) -> Iterator[Problem]:
    model, given = model_of(rule.price), given_of(rule.price)
    free = (given.maybe(each.name) for each in model.fields if each.is_allowance)
    if rule.highest_only and (conflict := highest_only_conflict(model, *free)):
        yield Problem("/highest_only", conflict)
    for fault in model.faults(given):
        yield Problem(step("/price", fault.field), words(fault.statement, rule.currency))
    field = model.tiers_field()
    if field:
        ends = [tier.up_to for tier in getattr(rule.price, field.name)]
        for wrong in tier_faults([None if end is None else micro(end) for end in ends]):
            pointer = f"/price/{field.name}/{wrong.place}/up_to"
            yield Problem(pointer, _tier_problem(wrong, ends[wrong.place]))


def _tier_problem(wrong: TierFault, end: str | None) -> str:
    match wrong.code:
        case TierCode.LAST_ENDS:
            return "must be null: the last tier has no end"
        case TierCode.OPEN_TOO_SOON:
            return "is null, but another tier follows"
        case TierCode.NOT_ASCENDING | TierCode.NOT_ABOVE_ZERO:
            return f"{end} is not above the end of the previous tier, {written(wrong.after)}"
        case _ as unreachable:
            assert_never(unreachable)


def _disorder(first: str, start: str | None, last: str, end: str | None, kind: type[date]) -> Iterator[Problem]:
    """Two optional times that may not exist or may be in the wrong order."""
    read = {}
    for name, text in ((first, start), (last, end)):
        if text is not None:
            try:
                read[name] = kind.fromisoformat(text)
            except ValueError as error:
                yield Problem(step("", name), f"{text} does not exist: {error}")
    if len(read) == 2 and read[last] < read[first]:
        yield Problem(step("", last), f"{end} is before {first}, {start}")


@cache
def _time_zones() -> set[str]:
    return available_timezones()
