"""The card of a customer's page with its prices in force, and those that start later."""

from datetime import date

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.timezone import now

from billing_engine.core.admin_kit.cells import NOTHING, address_of
from billing_engine.core.admin_kit.overview.listing import Cell, Listing
from billing_engine.core.admin_kit.overview.parts import Card, card_on
from billing_engine.core.calendar.spans import Month
from billing_engine.core.calendar.wording import day_in_words
from billing_engine.core.money import ZERO, in_words
from billing_engine.core.read_replica import from_copy
from leads.models import Customer
from pricing.domain.rule_wording import price_in_words
from reports.admin.desk.explored import between
from reports.admin.prices.table import THIS_CUSTOMER
from reports.domain.question.question import Question
from reports.queries.explore.answer import Group, answer_of
from reports.queries.prices.asked import CUSTOMER
from reports.queries.prices.file import PERMISSION
from reports.queries.prices.price_list import ListedRule, price_list

SHOWN, HINTS = 6, 3


@card_on("leads.customer", place=30, needs=(PERMISSION, "pricing.view_charge"), wide=True)
@from_copy
def prices(customer: Customer) -> Card:
    """Return the first prices of the list, each with what it came to this month."""
    found = price_list(customer, customer.today)
    charged = _charged(customer, customer.today)
    applied = [each for each in found.in_force if not each.never_wins]
    rows = [_row(each, customer, charged) for each in applied[:SHOWN]]
    return Card(
        title="Prices in force",
        way="Prices",
        note="best first",
        address=f"{reverse('admin:reports_prices')}?{urlencode({CUSTOMER: customer.code})}",
        count=len(applied),
        table=Listing("", ("Rule", "Price", f">{customer.today:%B}"), rows, "No price is in force for this customer."),
        hints=[
            f"From {day_in_words(each.wall_from.date())}: {each.name}, {price_in_words(each)}."
            for each in found.announced[:HINTS]
        ],
    )


def _charged(customer: Customer, day: date) -> dict[int | None, str]:
    month = Month.of_day(day)
    question = Question(show=("amount",), group=("rule",), days=between(month.first, month.last))
    group = answer_of(question, at=now(), customers=[customer.pk]).by_currency.get(customer.currency, Group())
    amounts = {rule: each.total.sums.get("amount", ZERO) for rule, each in group.inside.items()}
    return {rule: in_words(amount, customer.currency) for rule, amount in amounts.items()}


def _row(each: ListedRule, customer: Customer, charged: dict[int | None, str]) -> list[Cell]:
    rule, follower = each.rule, each.followed_by
    whose = THIS_CUSTOMER if rule.customer_id or rule.product_id else f"any {customer.currency} customer"
    then = f"{price_in_words(follower)} from {day_in_words(follower.wall_from.date())}" if follower else ""
    return [
        Cell(rule.name, address_of(rule), note=whose),
        Cell(price_in_words(rule), note=then),
        Cell(charged.get(rule.pk, NOTHING)),
    ]
