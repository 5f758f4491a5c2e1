"""Explain a charge to the customer who pays it: nothing internal, no rule that lost, nothing of other customers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from billing_engine.core import money
from billing_engine.core.calendar.wording import day_in_words
from leads.models import Customer
from pricing.domain.audit.explain_price import case_of, counted_before, total_of
from pricing.domain.rate.inputs import price_facts
from pricing.domain.rule_wording import limits_in_words
from pricing.models import Charge, PriceRule
from pricing.wording import buyer
from pricing.wording.reasons import sentence_to_buyer

Reason = Charge.Reason


@dataclass(frozen=True, slots=True)
class ToBuyer:
    """Why a charge costs what it costs."""

    sentence: str
    steps: Sequence[buyer.Step]
    ladder: Sequence[buyer.Range]
    limits: Sequence[buyer.Step]  # what each limit cut
    left: str  # what limits did, in a sentence
    price: str  # the price in force, in one sentence
    since: str
    paid_by: int | None  # the action whose charge also pays for this one


def explain_to_buyer(charge: Charge, *, unit: str) -> ToBuyer:
    """Explain this charge; `unit` is what its kind of action counts, such as `sample`."""
    rule, customer = charge.rule, charge.period.customer
    price = price_to_buyer(rule, unit=unit, span=span_of(customer)) if rule else ""
    since = day_in_words(rule.wall_from.date()) if rule else ""
    if charge.reason:
        return ToBuyer(_not_charged(charge), (), (), (), "", price, since, charge.paid_by_id)
    assert rule is not None, "a charge without reason has a rule"  # noqa: S101 -- for mypy
    if limits := limits_in_words(rule):
        price = f"{price}, {', '.join(limits)}"
    facts = price_facts(rule)
    before = counted_before(charge, rule, facts)
    case = case_of(charge, before, total=total_of(charge, rule, facts))
    month = f"{charge.period.first_day:%B}"
    counted = buyer.Counted(unit, month, customer.currency, charge.period.is_open)
    return ToBuyer(
        buyer.sentence(facts, case, counted),
        list(buyer.calculation(facts, case, counted)),
        buyer.ladder(facts, case, counted),
        list(_cuts(charge)),
        _limits(charge, rule, month),
        price,
        since,
        None,
    )


def price_to_buyer(rule: PriceRule, *, unit: str, span: str) -> str:
    """What the rule charges, without its name: `the 1st to the 50th sample of a month $2.40 each`."""
    return buyer.price_in_words(price_facts(rule), buyer.Counted(unit, "", rule.currency), span=span)


def span_of(customer: Customer) -> str:
    """What the customer's prices count over: `month`, or `billing period`."""
    return "month" if customer.cycle == Customer.Cycle.MONTHLY else "billing period"


def _cuts(charge: Charge) -> Iterator[buyer.Step]:
    names = {
        Charge.Cap.PER_LEAD: "Cut by the limit per lead",
        Charge.Cap.PER_PERIOD: "Cut by the limit per month",
        Charge.Cap.BUDGET: "Cut by your monthly budget",
    }
    for cap, cut in charge.cuts:
        yield buyer.Step(names[cap], "", money.difference_in_words(-cut, charge.period.customer.currency))


def _limits(charge: Charge, rule: PriceRule, month: str) -> str:
    currency, cuts = charge.period.customer.currency, dict(charge.cuts)
    amount = money.price_in_words(charge.amount, currency)
    if Charge.Cap.BUDGET in cuts:
        budget = charge.period.customer_terms.monthly_budget or money.ZERO
        used = money.price_in_words(budget - charge.amount, currency)
        of = money.price_in_words(budget, currency)
        told = f"{used} of your {month} budget of {of} was used, so {amount} was left."
        return f"{told} You are charged {amount}, and never the rest."
    if cuts:
        limit: Decimal | None = rule.cap_per_lead if Charge.Cap.PER_LEAD in cuts else rule.cap_per_period
        of = money.price_in_words(limit or money.ZERO, currency)
        what = "a lead" if Charge.Cap.PER_LEAD in cuts else "a month"
        return f"{what.capitalize()} never costs more than {of} at this price, so {amount} was left."
    return "No limit was reached."


def _not_charged(charge: Charge) -> str:
    if charge.reason not in (Reason.ALREADY_CHARGED, Reason.NOT_HIGHEST):
        return sentence_to_buyer(charge.reason)
    rule, currency = charge.rule, charge.period.customer.currency
    paid = Charge.objects.filter(pk=charge.paid_by_id).select_related("action").first()
    if paid is None:
        return "Another action of the same lead is charged."
    day = day_in_words(charge.period.customer.day_of(paid.action.occurred_at))
    cost = money.price_in_words(paid.amount, currency)
    if charge.reason == Reason.NOT_HIGHEST:
        return (
            f"Of one lead only the highest-priced action of a month is charged. That is the one of {day}, for {cost}."
        )
    who = "person" if rule and rule.once_per == PriceRule.Once.PERSON else "lead"
    days = f"{rule.once_days} days" if rule and rule.once_days != 1 else "1 day"
    told = f"This {who} did the same on {day}, and you were charged {cost} for it. The same {who} is charged once in {days}"
    return f"{told}, whichever way the request reaches us."
