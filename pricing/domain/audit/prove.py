"""Rate a closed period again with the same function and compare every charge to the last digit.

The inputs are the stored actions, the terms kept at the close, the prices (which PostgreSQL keeps unchanged), and the
charges of the customer's earlier periods. Nothing is written.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import Q

from billing_engine.core.errors import Refused
from leads.models import BillingPeriod
from pricing.domain.audit.terms import kept_terms, terms_now
from pricing.domain.rate.actions import START, StoredActions
from pricing.domain.rate.carry_over import carried_over, carries
from pricing.domain.rate.charges import to_decimal
from pricing.models import PeriodTerms
from pricing.rating.caps import CAPS
from pricing.rating.period import needs_foresight, rate_period
from pricing.rating.values import ActionId, Decision, RuleFacts, RuleId
from pricing.wording.proof import Outcome

AT_A_TIME = 10_000
DIFFERENCES_KEPT = 200

CHARGES = """
    SELECT charge.period_id, charge.rule_id, charge.reason, charge.amount * 1000000, charge.full_amount * 1000000,
           charge.cut_per_lead * 1000000, charge.cut_per_period * 1000000, charge.cut_by_budget * 1000000,
           charge.quantity_before * 1000000, COALESCE(charge.value_before, 0) * 1000000, charge.paid_by_id
      FROM leads_action action
      LEFT JOIN pricing_charge charge ON charge.action_id = action.id
     WHERE action.period_id = %s
     ORDER BY action.occurred_at, action.id
"""
BY_TODAYS_TERMS = (
    "This period was closed before terms were kept. It was rated again with today's rules, contract and catalog,"
    " so later changes show up as differences."
)


class PeriodIsOpen(Refused):
    """Only closed periods can be proven."""

    code = "period_is_open"
    message = "This period is still open and is rated again with every change. Close it first, then prove it."


class Difference(NamedTuple):
    """An action whose stored charge differs from what rating calculates; None means no charge."""

    action: ActionId
    stored: Outcome | None
    again: Outcome | None


@dataclass(slots=True)
class Proof:
    """The result of rating a closed period again."""

    period: BillingPeriod
    doubts: tuple[str, ...]  # reasons why a difference may not be an error
    actions: int = 0
    charges: int = 0
    micro_amount: int = 0
    differing: int = 0
    differences: list[Difference] = field(default_factory=list)  # the first ones

    @property
    def amount(self) -> Decimal:
        """The sum of the stored charges."""
        return to_decimal(self.micro_amount)

    @property
    def holds(self) -> bool:
        return self.differing == 0

    def compare(self, decision: Decision, stored: Outcome | None) -> None:
        again = None if decision.is_unrated else Outcome(self.period.pk, *decision[1:])
        self.actions += 1
        if stored is not None:
            self.charges += 1
            self.micro_amount += stored.amount
            if stored == again:
                return
        self.differing += 1
        if len(self.differences) < DIFFERENCES_KEPT:
            self.differences.append(Difference(decision.action, stored, again))


def prove(period: BillingPeriod, *, on_progress: Callable[[int], object] | None = None) -> Proof:
    """Rate the closed period again and compare; `on_progress` is called now and then with the number of actions done.

    Raises PeriodIsOpen. Memory use does not grow with the period.
    """
    with looking_only():
        period = BillingPeriod.objects.select_related("customer").get(pk=period.pk)
        if period.is_open:
            raise PeriodIsOpen(period=period.pk)
        kept = kept_terms(period)
        terms = kept or terms_now(period)
        proof = Proof(period, (*(() if kept else (BY_TODAYS_TERMS,)), *_unsettled(period, terms.rules)))
        actions = StoredActions({period.pk: START})
        decisions = rate_period(
            actions.remember() if needs_foresight(terms.rules) else actions,
            customer=terms.customer,
            rules=terms.rules,
            catalog=terms.catalog,
            carried=carried_over([period], {period.customer_id: terms.rules})[period.pk],
        )
        _compare(proof, decisions, on_progress)
    return proof


def _compare(proof: Proof, decisions: Iterator[Decision], on_progress: Callable[[int], object] | None) -> None:
    charges = _stored(proof.period)
    # Strict: both iterate over the period's actions in the same order.
    pairs = zip(decisions, charges, strict=True)
    while some := list(islice(pairs, AT_A_TIME)):
        for decision, stored in some:
            proof.compare(decision, stored)
        if on_progress:
            on_progress(proof.actions)


def _stored(period: BillingPeriod) -> Iterator[Outcome | None]:
    """The charge of each of the period's actions, in rating order."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(CHARGES, [period.pk])
        while rows := cursor.fetchmany(AT_A_TIME):
            for of, rule, reason, *amounts, paid_by in rows:
                yield None if of is None else _outcome(of, rule, reason, amounts, paid_by)


def _outcome(
    period: int, rule: RuleId | None, reason: str, amounts: list[Decimal | None], paid_by: ActionId | None
) -> Outcome:
    """The number as rating counts it: sums exceed PostgreSQL's integers, so they arrive as numerics."""
    amount, full, *cut, quantity_before, value_before = (None if each is None else int(each) for each in amounts)
    cuts = tuple((cap, each) for cap, each in zip(CAPS, cut, strict=True) if each is not None)
    return Outcome(period, rule, reason, amount or 0, full or 0, cuts, quantity_before or 0, value_before or 0, paid_by)


def _unsettled(period: BillingPeriod, rules: list[RuleFacts]) -> Iterator[str]:
    """Periods whose charges may have changed since this one closed, and whose charges count in it."""
    if not carries(rules):
        return
    changed = Q(closed_at=None) | Q(closed_at__gt=period.closed_at)
    later = PeriodTerms.objects.filter(period=period).values_list("later_closed", flat=True).first() or []
    counted = Q(start_at__lt=period.start_at) | Q(pk__in=later)
    for one in BillingPeriod.objects.filter(counted, changed, customer=period.customer_id).order_by("start_at"):
        when = "was reopened after" if one.pk in later else "was still open when"
        yield (
            f"{one.label} {when} this period was closed, and may have been rated again since: what it"
            " carries over (who has paid, what leads were charged) may have changed."
        )


@contextmanager
def looking_only() -> Iterator[None]:
    """A read-only transaction on one snapshot of the database."""
    is_first = not connection.in_atomic_block  # inside the caller's transaction, the caller's snapshot is used
    with transaction.atomic():
        with connection.cursor() as cursor:
            if is_first:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            cursor.execute("SET TRANSACTION READ ONLY")
        yield
        transaction.set_rollback(True)
