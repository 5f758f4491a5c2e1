"""The invariants of intake: received and stored."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from billing_engine.core.read_replica import rows_of
from leads.models.delivery import OUTCOMES
from reports.queries.sums.invariant import Invariant, Sides

KINDS = ("leads", "actions")


def _outcomes(kind: str) -> str:
    return " + ".join(f"{kind}_{outcome}" for outcome in OUTCOMES)


RECEIVED = f"""
    SELECT COALESCE(sum(leads_received), 0)::bigint, COALESCE(sum({_outcomes("leads")}), 0)::bigint,
           COALESCE(sum(actions_received), 0)::bigint, COALESCE(sum({_outcomes("actions")}), 0)::bigint
      FROM leads_delivery
     WHERE %(from)s::timestamptz IS NULL OR (received_at >= %(from)s AND received_at < %(to)s)
"""  # noqa: S608 -- the names of our own columns
UNEQUAL_DELIVERIES = f"""
    SELECT id, leads_received, {_outcomes("leads")}, actions_received, {_outcomes("actions")}
      FROM leads_delivery
     WHERE (%(from)s::timestamptz IS NULL OR (received_at >= %(from)s AND received_at < %(to)s))
       AND (leads_received <> {_outcomes("leads")} OR actions_received <> {_outcomes("actions")})
     ORDER BY id
"""  # noqa: S608 -- the names of our own columns
# Only files have lines; an index finds these few deliveries.
LINES = """
    SELECT id, lines_read, lines_taken + lines_blank + lines_refused
      FROM leads_delivery
     WHERE lines_read > 0 AND (%(from)s::timestamptz IS NULL OR (received_at >= %(from)s AND received_at < %(to)s))
     ORDER BY id
"""
# Recounted from the rows, and then compared with the tallies.
STORED = """
    WITH counted AS (
        SELECT action.period_id, count(*) AS actions,
               count(*) FILTER (WHERE charge.reason = '') AS charged,
               count(*) FILTER (WHERE charge.reason <> '') AS excluded,
               count(unrated.action_id) AS unrated,
               count(*) FILTER (WHERE charge.action_id = unrated.action_id) AS twice,
               count(*) FILTER (WHERE charge.period_id <> action.period_id) AS astray
          FROM leads_action action
          LEFT JOIN pricing_charge charge ON charge.action_id = action.id
          LEFT JOIN pricing_unratedaction unrated ON unrated.action_id = action.id
         WHERE %(month)s = '' OR action.period_id IN (SELECT id FROM leads_billingperiod WHERE label = ANY(%(labels)s))
         GROUP BY 1
    )
    SELECT period.id, period.state = 'closed', EXISTS (SELECT FROM leads_unratedmark mark WHERE mark.period_id = period.id),
           COALESCE(counted.actions, 0), COALESCE(counted.charged, 0), COALESCE(counted.excluded, 0),
           COALESCE(counted.unrated, 0), COALESCE(twice, 0), COALESCE(astray, 0),
           tally.actions, tally.charged, tally.excluded, tally.unrated
      FROM leads_billingperiod period
      LEFT JOIN counted ON counted.period_id = period.id
      LEFT JOIN pricing_periodtally tally ON tally.period_id = period.id
     WHERE %(month)s = '' OR period.label = ANY(%(labels)s)
     ORDER BY period.id
"""


def received(parameters: Mapping[str, Any]) -> Invariant:
    """1. Every item of a delivery, and every line of a file, has exactly one outcome."""
    found = Invariant(
        "1",
        "received",
        "stored + duplicates + conflicts + quarantined, per delivery",
        "For files, lines read = lines taken + blank + refused.",
    )
    [(leads, of_leads, actions, of_actions)] = rows_of(RECEIVED, parameters)
    lines, of_lines = _lines(found, parameters)
    found.sides = [
        Sides("leads", leads, of_leads),
        Sides("actions", actions, of_actions),
        Sides("lines", lines, of_lines),
    ]
    for pk, *counts in rows_of(UNEQUAL_DELIVERIES, parameters):
        for kind, count, with_outcome in zip(KINDS, counts[::2], counts[1::2], strict=True):
            if count != with_outcome:
                found.add_breach("leads.delivery", pk, f"{count:,} {kind} received, {with_outcome:,} with an outcome")
    return found


def _lines(found: Invariant, parameters: Mapping[str, Any]) -> tuple[int, int]:
    sums = Counter[str]()
    for pk, read, with_outcome in rows_of(LINES, parameters):
        sums.update(read=read, with_outcome=with_outcome)
        if read != with_outcome:
            found.add_breach("leads.delivery", pk, f"{read:,} lines read, {with_outcome:,} with an outcome")
    return sums["read"], sums["with_outcome"]


def stored(parameters: Mapping[str, Any]) -> Invariant:
    """2. Every action of a period is either charged, excluded or unrated; in a closed period, none is unrated."""
    found = Invariant("2", "stored actions", "charged + excluded + unrated + about to be rated, per period")
    sums = Counter[str]()
    for pk, is_closed, is_waiting, *counts in rows_of(STORED, parameters):
        period = dict(zip(("actions", "charged", "excluded", "unrated", "twice", "astray"), counts[:6], strict=True))
        # A mark means that something arrived or changed since; a worker rates it within seconds.
        waiting = period["actions"] - period["charged"] - period["excluded"] - period["unrated"]
        period["waiting"] = max(0, waiting) if is_waiting and not is_closed else 0
        sums.update(period)
        for words in _faults(period, is_closed=is_closed, tally=None if is_waiting else counts[6:]):
            found.add_breach("leads.billingperiod", pk, words)
    parts = sum(sums[name] for name in ("charged", "excluded", "unrated", "waiting"))
    found.sides = [Sides("actions", sums["actions"], parts)]
    return found


def _faults(period: Mapping[str, int], *, is_closed: bool, tally: list[int] | None) -> list[str]:
    faults = []
    parts = sum(period[name] for name in ("charged", "excluded", "unrated", "waiting"))
    if period["actions"] != parts:
        faults.append(f"{period['actions']:,} actions, {parts:,} charged, excluded or unrated")
    if period["twice"]:
        faults.append(f"{period['twice']:,} both charged and unrated")
    if period["astray"]:
        faults.append(f"{period['astray']:,} charges with a different period than their action")
    if is_closed and period["unrated"]:
        faults.append(f"closed with {period['unrated']:,} unrated")
    recounted = [period[name] for name in ("actions", "charged", "excluded", "unrated")]
    if tally and tally[0] is not None and tally != recounted:
        faults.append(f"the tally says {_counts(tally)}, the rows {_counts(recounted)}")
    return faults


def _counts(counts: list[int]) -> str:
    return "{:,} = {:,} + {:,} + {:,}".format(*counts)
