"""Which actions of a source were disputed and credited for a reason that the source answers for, and for how much."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from billing_engine.core.money import ZERO
from billing_engine.core.read_replica import few_rows_of
from reports.queries.source_quality.days import Days
from reports.queries.source_quality.groups import PIECES, Piece, asked_of

MOST_ROWS = 500

# From the disputes and credit notes to their actions, because they are few: those since the first day, for nothing is disputed
# before it occurs. A charge is in one dispute that was not withdrawn, and perhaps in several credit notes.
OF_ACTIONS = f"""
    WITH {PIECES}, disputed AS (
        SELECT charge.action_id, charge.amount, dispute.id AS dispute_id
          FROM receivables_disputedcharge charge
          JOIN receivables_dispute dispute ON dispute.id = charge.dispute_id
          JOIN receivables_reason reason ON reason.id = dispute.reason_id
         WHERE dispute.state <> 'withdrawn' AND reason.source_answers_for_it
               AND dispute.opened_at >= %(start)s - interval '2 days'
    ), credited AS (
        SELECT charge.action_id, sum(charge.amount) AS amount, max(note.id) AS note_id
          FROM receivables_creditedcharge charge
          JOIN receivables_creditnoteline line ON line.id = charge.line_id
          JOIN receivables_creditnote note ON note.id = line.note_id
          JOIN receivables_reason reason ON reason.id = note.reason_id
         WHERE note.state = 'issued' AND reason.source_answers_for_it
               AND note.issued_at >= %(start)s - interval '2 days'
         GROUP BY 1
    ), found AS (
        SELECT piece.key, customer.id AS customer_id, customer.currency, action.id AS action_id, action.occurred_at,
               disputed.amount AS disputed, dispute_id, credited.amount AS credited, note_id
          FROM disputed FULL JOIN credited USING (action_id)
          JOIN leads_action action ON action.id = action_id
          JOIN leads_lead lead ON lead.id = action.lead_id
          JOIN leads_billingperiod period ON period.id = action.period_id
          JOIN leads_customer customer ON customer.id = period.customer_id
          JOIN piece ON piece.source_id = lead.source_id
               AND (action.occurred_at AT TIME ZONE customer.time_zone)::date >= piece.first
               AND (action.occurred_at AT TIME ZONE customer.time_zone)::date < piece.after
    )
"""  # noqa: S608 -- SQL of our own
SUMS = f"""
    {OF_ACTIONS}
    SELECT key, CASE WHEN %(by_customer)s THEN customer_id END, currency,
           count(dispute_id), COALESCE(sum(disputed), 0), count(note_id), COALESCE(sum(credited), 0)
      FROM found GROUP BY 1, 2, 3
"""  # noqa: S608 -- SQL of our own
ROWS = f"""
    {OF_ACTIONS}
    SELECT action_id, customer_id, occurred_at, dispute_id, disputed, note_id, credited
      FROM found
     WHERE CASE WHEN %(is_credited)s THEN note_id ELSE dispute_id END IS NOT NULL
           AND key = %(key)s AND currency = %(currency)s AND (%(customer)s::bigint IS NULL OR customer_id = %(customer)s)
     ORDER BY occurred_at DESC, action_id DESC LIMIT %(most)s
"""  # noqa: S608 -- SQL of our own


@dataclass(frozen=True, slots=True)
class Part:
    """Some of the actions, and their amount before tax."""

    actions: int = 0
    amount: Decimal = ZERO

    def __add__(self, other: "Part") -> "Part":
        return Part(self.actions + other.actions, self.amount + other.amount)


@dataclass(frozen=True, slots=True)
class DisputedAction:
    """An action that was disputed or credited: its dispute and its last credit note, by id, with the amounts before tax."""

    action: int
    customer: int
    occurred_at: datetime
    dispute: int | None
    disputed: Decimal | None
    note: int | None
    credited: Decimal | None


Disputed = dict[tuple[str, int | None, str], tuple[Part, Part]]


def disputed_and_credited(pieces: list[Piece], days: Days, *, by_customer: bool) -> Disputed:
    """Return what was disputed, and what was credited, by group, customer and currency."""
    rows = few_rows_of(SUMS, asked_of(pieces, days) | {"by_customer": by_customer})
    return {
        (key, customer, currency): (Part(disputed, of_disputes), Part(credited, of_notes))
        for key, customer, currency, disputed, of_disputes, credited, of_notes in rows
    }


def disputed_actions(
    pieces: list[Piece], days: Days, *, is_credited: bool, key: str, currency: str, customer: int | None
) -> list[DisputedAction]:
    """Return the disputed or credited actions behind these sums, the latest first, up to `MOST_ROWS`."""
    of = {"is_credited": is_credited, "key": key, "currency": currency, "customer": customer, "most": MOST_ROWS}
    return [DisputedAction(*row) for row in few_rows_of(ROWS, asked_of(pieces, days) | of)]
