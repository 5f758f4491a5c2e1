"""What the leads of sources were worth: sums of the roll-up by the customer's day, and leads counted by it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

from billing_engine.core.money import ZERO
from billing_engine.core.read_replica import few_rows_of
from pricing.models import Charge
from pricing.models.activity import CHARGED, INCLUDED, UNRATED
from reports.queries.source_quality.days import Days
from reports.queries.source_quality.disputed import Part, disputed_and_credited
from reports.queries.source_quality.groups import PIECES, Piece, asked_of
from reports.queries.source_quality.share import share

# Whole months are read from the monthly roll-up, the other days from the daily one. Rows are added up by their ids before
# anything is joined: by day only where a source belongs to one group on some days and to another on others.
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
    ), summed AS (
        SELECT source_id, customer_id, outcome, CASE WHEN %(is_cut)s THEN day END AS day,
               sum(actions) AS actions, sum(amount) AS amount
          FROM activity GROUP BY 1, 2, 3, 4
    )
    SELECT piece.key, CASE WHEN %(by_customer)s THEN customer.id END, customer.currency, summed.outcome,
           sum(summed.actions)::bigint, sum(summed.amount)
      FROM summed
      JOIN piece ON piece.source_id = summed.source_id
           AND (summed.day IS NULL OR (summed.day >= piece.first AND summed.day < piece.after))
      JOIN leads_customer customer ON customer.id = summed.customer_id
     GROUP BY 1, 2, 3, 4
"""  # noqa: S608 -- SQL of our own
# The local day is asked only of leads within a day of the ends, for those between are in the range in every time zone.
LEADS = f"""
    WITH {PIECES}, lead AS (
        SELECT source_id, product_id, NULL::date AS day, count(*) AS leads FROM leads_lead
         WHERE received_at >= %(inner_start)s AND received_at < %(inner_end)s AND NOT is_test
         GROUP BY 1, 2
        UNION ALL
        SELECT source_id, product_id, (received_at AT TIME ZONE customer.time_zone)::date, count(*)
          FROM (SELECT source_id, product_id, received_at FROM leads_lead
                 WHERE received_at >= %(start)s - interval '1 day' AND received_at < %(inner_start)s AND NOT is_test
                UNION ALL
                SELECT source_id, product_id, received_at FROM leads_lead
                 WHERE received_at >= %(inner_end)s AND received_at < %(end)s + interval '1 day' AND NOT is_test) edge
          JOIN leads_product product ON product.id = edge.product_id
          JOIN leads_customer customer ON customer.id = product.customer_id
         GROUP BY 1, 2, 3
    )
    SELECT piece.key, CASE WHEN %(by_customer)s THEN customer.id END, customer.currency, sum(lead.leads)::bigint
      FROM lead
      JOIN leads_product product ON product.id = lead.product_id
      JOIN leads_customer customer ON customer.id = product.customer_id
      JOIN piece ON piece.source_id = lead.source_id
           AND (lead.day IS NULL OR (lead.day >= piece.first AND lead.day < piece.after))
     GROUP BY 1, 2, 3
"""  # noqa: S608 -- SQL of our own
DAY = timedelta(days=1)
NONE = Part()
REASONS = frozenset(Charge.Reason.values)


@dataclass(slots=True)
class Worth:
    """Leads received, and actions that occurred, in some days: how many were charged, and the amount in one currency."""

    currency: str
    leads: int = 0
    by_outcome: dict[str, int] = field(default_factory=dict)
    amount: Decimal = ZERO
    disputed: Part = NONE
    credited: Part = NONE

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
    def disputed_share(self) -> Decimal | None:
        return share(self.disputed.actions, self.actions)

    @property
    def credited_share(self) -> Decimal | None:
        return share(self.credited.actions, self.actions)

    @property
    def per_lead(self) -> Decimal | None:
        """The amount by the leads received; None without leads."""
        return self.amount / self.leads if self.leads else None

    def merge(self, other: "Worth") -> None:
        """Add what others of the same currency were worth."""
        self.leads += other.leads
        self.amount += other.amount
        self.disputed += other.disputed
        self.credited += other.credited
        for outcome, count in other.by_outcome.items():
            self.by_outcome[outcome] = self.by_outcome.get(outcome, 0) + count


def worth_by_group(pieces: list[Piece], days: Days, *, disputes: bool = True) -> dict[str, dict[str, Worth]]:
    """Return what each group's leads were worth in these days, by currency."""
    found: dict[str, dict[str, Worth]] = {}
    for (key, _, currency), worth in _worths(pieces, days, by_customer=False, disputes=disputes).items():
        found.setdefault(key, {})[currency] = worth
    return found


def worth_by_customer(pieces: list[Piece], days: Days, *, disputes: bool = True) -> dict[tuple[str, int], Worth]:
    """Return what each group's leads of each customer were worth in these days."""
    found = _worths(pieces, days, by_customer=True, disputes=disputes)
    return {(key, customer): worth for (key, customer, _), worth in found.items() if customer is not None}


def _worths(
    pieces: list[Piece], days: Days, *, by_customer: bool, disputes: bool
) -> dict[tuple[str, int | None, str], Worth]:
    found = dict[tuple[str, int | None, str], Worth]()
    asked = asked_of(pieces, days) | _inner(pieces, days) | {"by_customer": by_customer}
    for key, customer, currency, outcome, actions, amount in few_rows_of(ACTIVITY, asked):
        worth = found.setdefault((key, customer, currency), Worth(currency))
        worth.by_outcome[outcome] = actions
        worth.amount += amount
    for key, customer, currency, leads in few_rows_of(LEADS, asked):
        found.setdefault((key, customer, currency), Worth(currency)).leads = leads
    parts = disputed_and_credited(pieces, days, by_customer=by_customer) if disputes else {}
    for place, (disputed, credited) in parts.items():
        worth = found.setdefault(place, Worth(place[2]))
        worth.disputed, worth.credited = disputed, credited
    return found


def _inner(pieces: list[Piece], days: Days) -> dict[str, Any]:
    """The time that is within the days wherever a customer is; none if they are few, or sources change their group."""
    start, end = days.in_utc
    is_cut = any((piece.first, piece.after) != (days.first, days.after) for piece in pieces)
    if is_cut or days.count <= 2:
        return {"is_cut": is_cut, "inner_start": end + DAY, "inner_end": end + DAY}
    return {"is_cut": False, "inner_start": start + DAY, "inner_end": end - DAY}


def by_currency(worths: Iterable[Worth]) -> dict[str, Worth]:
    """Add up by currency; amounts of different currencies are never added."""
    found = dict[str, Worth]()
    for worth in worths:
        found.setdefault(worth.currency, Worth(worth.currency)).merge(worth)
    return dict(sorted(found.items()))
