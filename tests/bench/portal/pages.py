"""The pages of the portal as the bench opens them, each with the least SQL that finds what it shows."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection
from django.urls import reverse

from billing_engine.core.calendar.spans import Month
from leads.domain.memberships.portal import portal_of
from leads.domain.memberships.public_ids import public_id
from tests.bench.portal.world import World

CHARGES = """
    SELECT action.id, action.external_id, action.occurred_at, action.quantity, lead.external_id, lead.email,
           lead.source_id, lead.product_id, action.action_type_id, charge.amount, charge.reason
      FROM leads_action action
      JOIN pricing_charge charge ON charge.action_id = action.id
      JOIN leads_lead lead ON lead.id = action.lead_id
     WHERE {condition} ORDER BY action.occurred_at {order}, action.id {order} LIMIT {most}
"""
ON_THE_LINE = (
    "action.period_id = %(period)s AND action.action_type_id = %(type)s AND lead.product_id = %(product)s"
    " AND charge.rule_id = %(rule)s"
)
DAILY = """
    SELECT {by}, outcome, sum(actions), sum(quantity), sum(amount) FROM pricing_dailyactivity
     WHERE customer_id = %(customer)s AND day BETWEEN %(first)s AND %(last)s GROUP BY 1, 2
"""
OF_THE_PERIOD = (
    "SELECT outcome, sum(actions), sum(amount) FROM pricing_monthlyactivity WHERE period_id = %(period)s GROUP BY 1"
)
OWED = """
    SELECT owed.id, owed.reference, owed.amount, owed.due_on, sum(used.amount) FROM receivables_ledgerdocument owed
      LEFT JOIN receivables_allocation used ON used.debit_id = owed.id WHERE owed.customer_id = %(customer)s GROUP BY owed.id
"""
# By the name of the page: what it could not do without.
FLOORS = {
    "Overview": DAILY.format(by="day"),
    "Invoices": OWED,
    "An invoice": "SELECT * FROM invoices_invoiceline WHERE invoice_id = %(invoice)s",
    "An invoice line": CHARGES.format(condition=ON_THE_LINE, order="", most=50),
    "An invoice line, from its middle": CHARGES.format(
        condition=f"{ON_THE_LINE} AND (action.occurred_at, action.id) > (%(at)s, %(action)s)", order="", most=50
    ),
    "Why this price": CHARGES.format(condition="action.id = %(action)s", order="", most=1),
    "Not charged": CHARGES.format(
        condition="charge.period_id = %(period)s AND charge.reason = 'voided'", order="", most=200
    ),
    "Activity of a month": DAILY.format(by="product_id"),
    "Activity of a year by day": DAILY.format(by="day"),
    "Rows of activity": CHARGES.format(condition="action.period_id = %(period)s", order="DESC", most=50),
    "Rows of one lead": CHARGES.format(condition="lead.external_id = %(lead)s", order="", most=200),
    "Disputes": "SELECT * FROM receivables_dispute WHERE customer_id = %(customer)s",
    "A dispute": CHARGES.format(condition="action.id = %(action)s", order="", most=1),
    "Open a dispute": CHARGES.format(condition="action.id = %(action)s", order="", most=1),
    "Payments": OWED,
    "Prices": OF_THE_PERIOD,
    "Settings": "SELECT * FROM leads_membership WHERE customer_id = %(customer)s",
}
PAGES = tuple(FLOORS)


@dataclass(frozen=True, slots=True)
class Address:
    """One address of a page."""

    page: str
    path: str


def addresses(world: World) -> Iterator[Address]:
    """Every page, some in several ways, for the largest invoice and its longest line."""
    customer, portal = world.customer, portal_of(world.customer)
    ids = {name: public_id(portal, row) for name, row in world.rows.items()}
    before = Month.of_day(customer.today).previous()
    month = f"first={before.first}&last={before.last}"
    year = f"first={customer.today - timedelta(days=364)}&last={customer.today}"

    def at(page: str, name: str, *parts: str, asked: str = "") -> Address:
        path = reverse(f"portal:{name}", args=[portal.public_id, *(ids[part] for part in parts)], urlconf="portal.urls")
        return Address(page, f"{path}?{asked}" if asked else path)

    yield at("Overview", "overview")
    for state in ("", "open", "credit-notes"):
        yield at("Invoices", "invoices", asked=f"state={state}")
    yield at("An invoice", "invoice", "invoice")
    yield at("An invoice line", "line", "line")
    yield at("An invoice line, from its middle", "line", "line", asked=f"after={ids['charge']}")
    yield at("Why this price", "why", "charge")
    for reason in ("voided", "test_lead", "already_charged"):
        yield at("Not charged", "not_charged", "invoice", asked=f"reason={reason}")
    for group in ("action_type,product", "source", "outcome"):
        yield at("Activity of a month", "activity", asked=f"{month}&group={group}")
    yield at("Activity of a year by day", "activity", asked=f"{year}&group=day")
    for more in ("", "&outcome=included", f"&after={public_id(portal, world.charge.action)}"):
        yield at("Rows of activity", "activity", asked=f"{month}&show=rows{more}")
    yield at("Rows of one lead", "activity", asked=f"{year}&lead={world.charge.action.lead.external_id}")
    yield at("Disputes", "disputes")
    yield at("A dispute", "dispute", "dispute")
    yield at("Open a dispute", "open_dispute", asked=f"charge={ids['charge']}")
    yield at("Payments", "payments", asked=year)
    yield at("Prices", "prices")
    for name in ("settings", "keys", "company", "looks"):
        yield at("Settings", name)


def ask_the_floor(world: World, page: str) -> None:
    """Run what the page could not do without, and fetch it."""
    line, action, customer = world.line, world.charge.action, world.customer
    months = 11 if "year" in page else 1
    month = Month.of_day(customer.today)
    for _ in range(months):
        month = month.previous()
    asked: dict[str, Any] = {
        "customer": customer.pk,
        "invoice": world.invoice.pk,
        "period": world.invoice.period_id,
        "type": line.action_type_id,
        "product": line.product_id,
        "rule": line.rule_id,
        "action": action.pk,
        "at": action.occurred_at,
        "lead": action.lead.external_id,
        "first": month.first,
        "last": customer.today,
    }
    with connection.cursor() as cursor:
        cursor.execute(FLOORS[page], asked)
        cursor.fetchall()
