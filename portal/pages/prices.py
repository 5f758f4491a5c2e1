"""The prices in force on a day, in the words that charge, and those announced with what last month would have cost."""

from dataclasses import dataclass
from datetime import date

from django.http import HttpRequest, HttpResponse
from django.utils.timezone import now

from billing_engine.core import money
from billing_engine.core.calendar.spans import Month
from billing_engine.core.calendar.wording import count_of_days, day_in_words
from leads.models import Channel, Customer, ProductRevision
from leads.models.revision import in_force_on
from portal.frame import page
from portal.gate import Visit
from portal.pages.announced import month_then
from portal.words import short_day
from pricing.domain.audit.explain_to_buyer import price_to_buyer, span_of
from pricing.domain.rule_wording import limits_in_words
from pricing.models import PriceRule
from reports.domain.question.days import Days
from reports.domain.question.question import Question
from reports.queries.explore.answer import Group, answer_of
from reports.queries.prices.price_list import price_list


@dataclass(frozen=True, slots=True)
class Row:
    """One price in the buyer's words; its rule is not named."""

    action: str
    price: str
    limits: tuple[str, ...]
    scope: str
    since: str
    then: str
    last_month: str


def prices_page(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Show the prices in force on a day."""
    customer, today = visit.customer, visit.customer.today
    day, fault = _day(request.GET.get("day", ""), customer)
    found = price_list(customer, day)
    before = Month.of_day(today).previous()
    charged = _charged(customer, before)
    known = ProductRevision.objects.filter(product__customer=customer, in_force_at__isnull=False)
    categories, span = set(known.values_list("category", flat=True)), span_of(customer)
    announced = [
        each for each in found.announced if each.wall_from.date() > today and concerns(each, customer, categories)
    ]
    return page(
        request,
        visit,
        "prices",
        f"Prices in force on {day_in_words(day)}",
        here="prices",
        day=day.isoformat(),
        fault=fault,
        rows=[
            _row(each.rule, each.followed_by, charged, span)
            for each in found.in_force
            if not each.never_wins and concerns(each.rule, customer, categories)
        ],
        month=f"{before.first:%B}",
        announced=[_announced(each, span) for each in announced],
        then=month_then(customer, announced, before, at=now()),
        terms=_terms(customer, day),
    )


def _day(text: str, customer: Customer) -> tuple[date, str]:
    today = customer.today
    if not text:
        return today, ""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return today, "Write the day as 2026-09-30."
    if day < customer.billed_from or day.year > today.year + 2:
        return today, f"Choose a day from {day_in_words(customer.billed_from)} on."
    return day, ""


def _charged(customer: Customer, month: Month) -> dict[int, str]:
    """What each price came to last month."""
    question = Question(show=("amount",), group=("rule",), days=Days("", month.first, month.last))
    group = answer_of(question, at=now(), customers=[customer.pk]).by_currency.get(customer.currency, Group())
    amounts = {pk: each.total.sums.get("amount", money.ZERO) for pk, each in group.inside.items() if pk is not None}
    return {pk: money.in_words(amount, customer.currency) for pk, amount in amounts.items()}


def _row(rule: PriceRule, follower: PriceRule | None, charged: dict[int, str], span: str) -> Row:
    then = f"{price_of(follower, span)} from {short_day(follower.wall_from.date())}" if follower else ""
    return Row(
        action=rule.action_type.name if rule.action_type else "Every action",
        price=price_of(rule, span),
        limits=tuple(limits_in_words(rule)),
        scope=scope_of(rule),
        since=f"since {short_day(rule.wall_from.date())}",
        then=then,
        last_month=charged.get(rule.pk, "–"),
    )


def price_of(rule: PriceRule, span: str) -> str:
    """What the rule charges, in the buyer's words."""
    kind = rule.action_type
    unit = in_force_on(kind.revisions.all(), rule.wall_from.date()).unit if kind else "action"
    return price_to_buyer(rule, unit=unit, span=span)


def concerns(rule: PriceRule, customer: Customer, categories: set[str]) -> bool:
    """Whether it could ever price something of this customer: their categories, and no other customer's source."""
    is_their_source = rule.source is None or rule.source.customer_id in (None, customer.pk)
    return is_their_source and (not rule.category or rule.category in categories)


def scope_of(rule: PriceRule) -> str:
    """What the price is for, without a name of ours: `all products and sources`, `Aurora Tufted, newsletters`."""
    products = rule.product.name if rule.product else rule.category or "all products"
    sources = rule.source.name if rule.source else Channel(rule.channel).label if rule.channel else ""
    return (
        f"{products}, {sources}" if sources else "all products and sources" if products == "all products" else products
    )


def _announced(rule: PriceRule, span: str) -> tuple[str, str, str, str]:
    """From when, for which action, what, and for what."""
    action = rule.action_type.name if rule.action_type else "Every action"
    return (
        short_day(rule.wall_from.date()),
        action,
        ", ".join([price_of(rule, span), *limits_in_words(rule)]),
        scope_of(rule),
    )


def _terms(customer: Customer, day: date) -> list[tuple[str, str]]:
    terms, currency = customer.terms.on(day), customer.currency
    budget = "none"
    if terms.monthly_budget:
        then = "then we stop charging" if terms.hard_budget else "you are charged above it, too"
        budget = f"{money.in_words(terms.monthly_budget, currency)}, {then}"
    contract = f"since {short_day(terms.contract_from)}" if terms.contract_from else "no first day agreed"
    contract += f", until {short_day(terms.contract_to)}" if terms.contract_to else ", no end agreed"
    taxes = ", ".join(str(tax) for tax in terms.tax_rates) or terms.tax_exempt_reason or "no tax"
    domains = ", ".join(terms.excluded_domains)
    return [
        ("Monthly budget", budget),
        ("Monthly minimum", money.in_words(terms.monthly_minimum, currency) if terms.monthly_minimum else "none"),
        ("Never charged", f"people with email at {domains}" if domains else "no domains"),
        ("To pay within", count_of_days(terms.payment_terms_days)),
        ("Tax", taxes),
        ("Contract", contract),
    ]
