"""Store a simulation's results for a period: sums by rule and action type, and the largest changes."""

from typing import Any

from leads.models import BillingPeriod
from pricing.domain.rate.charges import to_decimal
from pricing.domain.simulation.period import Comparison, Move, Outcome
from pricing.models import PriceRule, SimulatedCustomer, SimulatedMove, SimulatedSum, Simulation
from pricing.wording.decision import outcome as in_words


def keep(simulation: Simulation, period: BillingPeriod, comparison: Comparison) -> None:
    """Write one period's sums and largest changes."""
    groups = sorted(comparison.groups, key=lambda group: (group[0] or 0, group[1]))
    names = _names({rule for rule, _ in groups if rule is not None}, comparison)
    SimulatedSum.objects.bulk_create(
        (_sum(simulation, period, group, comparison, names) for group in groups), batch_size=1_000
    )
    currency = period.customer.currency
    SimulatedMove.objects.bulk_create(
        _move(simulation, period, kind, move, names, currency)
        for kind, moves in comparison.moves.items()
        for move in sorted(moves, reverse=True)
    )


def _sum(
    simulation: Simulation, period: BillingPeriod, group: tuple[Any, Any], comparison: Comparison, names: dict[Any, str]
) -> SimulatedSum:
    rule, kind = group
    now, then, newly = comparison.now(group), comparison.then[group], comparison.newly[group]
    return SimulatedSum(
        simulation=simulation,
        period=period,
        rule_id=rule,
        rule_name=names.get(rule, ""),
        action_type_id=kind,
        now_charges=now.charges,
        now_amount=to_decimal(now.amount),
        now_excluded=now.excluded,
        now_unrated=now.unrated,
        then_charges=then.charges,
        then_amount=to_decimal(then.amount),
        then_excluded=then.excluded,
        then_unrated=then.unrated,
        newly_charged=newly.charged,
        newly_excluded=newly.excluded,
        newly_unrated=newly.unrated,
    )


def _move(
    simulation: Simulation, period: BillingPeriod, kind: str, move: Move, names: dict[Any, str], currency: str
) -> SimulatedMove:
    return SimulatedMove(
        simulation=simulation,
        kind=kind,
        period=period,
        action_id=-move.minus_action,
        now_amount=to_decimal(move.now[2]),
        then_amount=to_decimal(move.then[2]),
        now_words=_told(move.now, names, currency),
        then_words=_told(move.then, names, currency),
    )


def _told(outcome: Outcome, names: dict[Any, str], currency: str) -> str:
    rule, reason, amount = outcome
    by = None if rule is None else names[rule]
    return in_words(reason, amount=amount, by=by, currency=currency)


def _names(rules: set[Any], comparison: Comparison) -> dict[Any, str]:
    moved = {side[0] for moves in comparison.moves.values() for move in moves for side in (move.now, move.then)}
    found = PriceRule.objects.filter(pk__in=rules | (moved - {None}))
    return dict(found.values_list("pk", "name"))


def forget(item: SimulatedCustomer) -> None:
    """Delete the customer's results so far."""
    found = {"simulation": item.simulation_id, "period__customer": item.customer_id}
    SimulatedSum.objects.filter(**found).delete()
    SimulatedMove.objects.filter(**found).delete()
