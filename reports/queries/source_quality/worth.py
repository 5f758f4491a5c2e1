"""What the leads of sources were worth: sums of the roll-up by the customer's day, and leads counted by it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from billing_engine.core.money import ZERO
from billing_engine.core.read_replica import rows_of
from pricing.models import Charge
from pricing.models.activity import CHARGED, INCLUDED, UNRATED
from reports.queries.source_quality.days import Days
from reports.queries.source_quality.groups import PIECES, Piece, asked_of
from reports.queries.source_quality.share import share

# Whole months are read from the monthly roll-up, the other days from the daily one.
ACTIVITY = f"""
    WITH {PIECES}, activity AS (
        SELECT source_id, customer_id, outcome, month AS day, actions, amount FROM pricing_monthlyactivity
         WHERE month >= %(months_first)s AND month < %(months_after)s
        UNION ALL
        SELECT source_id, customer_id, outcome, day, actions, amount FROM pricing_dailyactivity
         WHERE day >= %(first)s AND day < %(months_first)s
        UNION ALL
        SELECT source_id, customer_id, outcome, day, actions, amount FROM pricing_dailyactivity
         WHERE day >= %(months_after)s AND day < %(after)s
    )
    SELECT piece.key, CASE WHEN %(by_customer)s THEN customer.id END, customer.currency, activity.outcome,
           sum(activity.actions)::bigint, sum(activity.amount)
      FROM activity
      JOIN piece ON piece.source_id = activity.source_id AND activity.day >= piece.first AND activity.day < piece.after
      JOIN leads_customer customer ON customer.id = activity.customer_id
     GROUP BY 1, 2, 3, 4
"""  # noqa: S608 -- SQL of our own
# The first two conditions are for the index on the instant, whatever the zone; the others are exact.
LEADS = f"""
    WITH {PIECES}
    SELECT piece.key, CASE WHEN %(by_customer)s THEN customer.id END, customer.currency, count(*)
      FROM leads_lead lead
      JOIN leads_product product ON product.id = lead.product_id
      JOIN leads_customer customer ON customer.id = product.customer_id
      JOIN piece ON piece.source_id = lead.source_id
           AND (lead.received_at AT TIME ZONE customer.time_zone)::date >= piece.first
           AND (lead.received_at AT TIME ZONE customer.time_zone)::date < piece.after
     WHERE lead.received_at >= %(start)s - interval '1 day' AND lead.received_at < %(end)s + interval '1 day'
           AND NOT lead.is_test
     GROUP BY 1, 2, 3
"""  # noqa: S608 -- SQL of our own
REASONS = frozenset(Charge.Reason.values)


@dataclass(slots=True)
class Worth:
    """Leads received, and actions that occurred, in some days: how many were charged, and the amount in one currency."""

    currency: str
    leads: int = 0
    by_outcome: dict[str, int] = field(default_factory=dict)
    amount: Decimal = ZERO

    @property
    def actions(self) -> int:
        return sum(self.by_outcome.values())

    @property
    def charged(self) -> int:
        return self.by_outcome.get(CHARGED, 0)

    @property
    def included(self) -> int:
        return self.by_outcome.get(INCLUDED, 0)

    @property
    def unrated(self) -> int:
        return self.by_outcome.get(UNRATED, 0)

    @property
    def excluded_by(self) -> dict[str, int]:
        """The number of excluded actions by reason, most first."""
        found = ((reason, count) for reason, count in self.by_outcome.items() if reason in REASONS)
        return dict(sorted(found, key=lambda each: (-each[1], each[0])))

    @property
    def excluded(self) -> int:
        return sum(self.excluded_by.values())

    @property
    def charged_share(self) -> Decimal | None:
        return share(self.charged, self.actions)

    @property
    def excluded_share(self) -> Decimal | None:
        return share(self.excluded, self.actions)

    @property
    def per_lead(self) -> Decimal | None:
        """The amount by the leads received; None without leads."""
        return self.amount / self.leads if self.leads else None

    def merge(self, other: "Worth") -> None:
        """Add what others of the same currency were worth."""
        self.leads += other.leads
        self.amount += other.amount
        for outcome, count in other.by_outcome.items():
            self.by_outcome[outcome] = self.by_outcome.get(outcome, 0) + count


def worth_by_group(pieces: list[Piece], days: Days) -> dict[str, dict[str, Worth]]:
    """Return what each group's leads were worth in these days, by currency."""
    found: dict[str, dict[str, Worth]] = {}
    for (key, _, currency), worth in _worths(pieces, days, by_customer=False).items():
        found.setdefault(key, {})[currency] = worth
    return found


def worth_by_customer(pieces: list[Piece], days: Days) -> dict[tuple[str, int], Worth]:
    """Return what each group's leads of each customer were worth in these days."""
    found = _worths(pieces, days, by_customer=True)
    return {(key, customer): worth for (key, customer, _), worth in found.items() if customer is not None}


def _worths(pieces: list[Piece], days: Days, *, by_customer: bool) -> dict[tuple[str, int | None, str], Worth]:
    found = dict[tuple[str, int | None, str], Worth]()
    asked = asked_of(pieces, days) | {"by_customer": by_customer}
    for key, customer, currency, outcome, actions, amount in rows_of(ACTIVITY, asked):
        worth = found.setdefault((key, customer, currency), Worth(currency))
        worth.by_outcome[outcome] = actions
        worth.amount += amount
    for key, customer, currency, leads in rows_of(LEADS, asked):
        found.setdefault((key, customer, currency), Worth(currency)).leads = leads
    return found


def by_currency(worths: Iterable[Worth]) -> dict[str, Worth]:
    """Add up by currency; amounts of different currencies are never added."""
    found = dict[str, Worth]()
    for worth in worths:
        found.setdefault(worth.currency, Worth(worth.currency)).merge(worth)
    return dict(sorted(found.items()))
