"""The roll-up as stored, and as counted a second time: one charge after another, days by Python's own time zones."""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db import connection

from pricing.models import DailyActivity, MonthlyActivity

KEYS = ("period_id", "customer_id", "product_id", "source_id", "action_type_id", "rule_id", "outcome")
Key = tuple[object, ...]
Sums = tuple[Decimal, ...]  # actions, quantity, amount, full amount

CHARGES = """
    SELECT action.period_id, product.customer_id, lead.product_id, lead.source_id, action.action_type_id, charge.rule_id,
           charge.reason, action.occurred_at, customer.time_zone, action.quantity, charge.amount, charge.full_amount
      FROM pricing_charge charge
      JOIN leads_action action ON action.id = charge.action_id
      JOIN leads_lead lead ON lead.id = action.lead_id
      JOIN leads_product product ON product.id = lead.product_id
      JOIN leads_customer customer ON customer.id = product.customer_id
     UNION ALL
    SELECT action.period_id, product.customer_id, lead.product_id, lead.source_id, action.action_type_id, NULL,
           'unrated', action.occurred_at, customer.time_zone, action.quantity, 0, 0
      FROM pricing_unratedaction unrated
      JOIN leads_action action ON action.id = unrated.action_id
      JOIN leads_lead lead ON lead.id = action.lead_id
      JOIN leads_product product ON product.id = lead.product_id
      JOIN leads_customer customer ON customer.id = product.customer_id
"""


def stored_days() -> dict[Key, Sums]:
    return _stored(DailyActivity, "day")


def stored_months() -> dict[Key, Sums]:
    return _stored(MonthlyActivity, "month")


def _stored(form: type[DailyActivity | MonthlyActivity], when: str) -> dict[Key, Sums]:
    rows = form.objects.values_list(*KEYS, when, "actions", "quantity", "amount", "full_amount")
    found = {row[:8]: tuple(map(Decimal, row[8:])) for row in rows}
    assert len(found) == len(rows), "no row is there twice"
    return found


def charged_days() -> dict[Key, Sums]:
    """Each charge and unrated action, added up by what the roll-up names."""
    found = defaultdict[Key, Sums](lambda: (Decimal(0),) * 4)
    with connection.cursor() as cursor:
        cursor.execute(CHARGES)
        for *facts, reason, at, zone, quantity, amount, full in cursor.fetchall():
            outcome = reason or ("charged" if amount else "included")
            key = (*facts, outcome, at.astimezone(ZoneInfo(zone)).date())
            found[key] = _added(found[key], (Decimal(1), quantity, amount, full))
    return dict(found)


def charged_months() -> dict[Key, Sums]:
    found = defaultdict[Key, Sums](lambda: (Decimal(0),) * 4)
    for (*facts, day), sums in charged_days().items():
        assert isinstance(day, date)
        found[(*facts, day.replace(day=1))] = _added(found[(*facts, day.replace(day=1))], sums)
    return dict(found)


def _added(some: Sums, more: Sums) -> Sums:
    return tuple(one + other for one, other in zip(some, more, strict=True))


def assert_rolled_up() -> None:
    """Every row of both forms is what the charges say, and there is no other row."""
    assert stored_days() == charged_days()
    assert stored_months() == charged_months()
