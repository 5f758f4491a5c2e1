"""Simulations: drafts tried on the actions of past periods with the billing function; only results are written.

One task per customer rates its periods in order and carries over what the drafts would have charged.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Count, Exists, Model, OuterRef, QuerySet, Sum

from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import Refused
from billing_engine.core.queues.attempt import Failure
from billing_engine.core.queues.leased import LeasedQueue
from leads.models import Action, BillingPeriod, Customer
from pricing.domain.proposals import as_if_in_force, proposed, references
from pricing.domain.rate.books import book_of
from pricing.domain.rule_book.drafts import as_if_active
from pricing.domain.rule_wording import terms_of
from pricing.domain.scope.effective import customers_of
from pricing.domain.simulation.period import Carry, Stopped, compare
from pricing.domain.simulation.results import forget, keep
from pricing.models import PeriodTally, PriceRule, SimulatedCustomer, Simulation
from pricing.rating.values import RuleFacts
from pricing.wording.terms import terms_as_data

State = SimulatedCustomer.State

SIMULATION_STARTED = Verb("simulation_started", "Simulation started")
SIMULATION_STOPPED = Verb("simulation_stopped", "Simulation stopped")


class NothingChosen(Refused):
    """A simulation needs drafts or customers."""

    code = "nothing_chosen"
    message = "Choose drafts, or choose customers to rate the rules in force again."


class NothingToSimulate(Refused):
    """A simulation needs periods."""

    code = "nothing_to_simulate"
    message = "None of these customers has a billing period in these months."


class LeaseLost(Refused):
    """A worker whose lease has ended must not write."""

    code = "lease_lost"
    message = "Another worker has started this customer again."


class NotADraftAnyMore(Refused):
    """Only drafts can be simulated, because active rules are already rated."""

    code = "simulated_rule_is_no_draft"
    message = "Only drafts can be simulated, and one of these is already in force."


@transaction.atomic
def start(
    drafts: Collection[PriceRule],
    *,
    months: Collection[str],
    customers: Collection[Customer] = (),
    proposals: Collection[Model] = (),
    from_the_start: bool = True,
    by: User,
    at: datetime,
) -> Simulation:
    """Start rating these months with the drafts, for the given customers or all that the drafts could affect.

    Without drafts, the rules in force are rated again for the given customers. `proposals` are changes of terms or facts
    that are tried as if they were in force. Raises NothingChosen, NotADraftAnyMore or NothingToSimulate.
    """
    if not drafts and not customers:
        raise NothingChosen
    if any(draft.state != PriceRule.State.DRAFT for draft in drafts):
        raise NotADraftAnyMore
    periods = BillingPeriod.objects.filter(label__in=months)
    concerned = customers or customers_of(*drafts, *(draft.revises for draft in drafts))
    periods = periods.filter(customer__in=concerned)
    counted = _actions_by_customer(periods)
    if not counted:
        raise NothingToSimulate
    simulation = Simulation.objects.create(
        draft_snapshots=[[draft.pk, draft.name, terms_as_data(terms_of(draft))] for draft in drafts],
        proposals=references(proposals),
        months=sorted(months),
        from_the_start=from_the_start,
        created_at=at,
        created_by=by,
    )
    simulation.drafts.set(drafts)
    told = {"months": simulation.months, "drafts": [str(draft) for draft in drafts], "customers": len(counted)}
    record(SIMULATION_STARTED, on=simulation, by=by, after=told, also=drafts)
    items = SimulatedCustomer.objects.bulk_create(
        SimulatedCustomer(simulation=simulation, customer_id=customer, actions=actions, next_attempt_at=at)
        for customer, actions in sorted(counted.items(), key=lambda each: -each[1])
    )
    for item in items:
        SIMULATIONS.ask_for(item)
    return simulation


@transaction.atomic
def stop(simulation: Simulation, *, by: User, at: datetime) -> None:
    """Stop the simulation; its results so far stay."""
    if not Simulation.objects.filter(pk=simulation.pk, finished_at=None, stopped_at=None).update(stopped_at=at):
        return
    record(SIMULATION_STOPPED, on=simulation, by=by)
    simulation.customers.filter(state=State.WAITING).update(state=State.STOPPED, next_attempt_at=None)
    _finish_done(Simulation.objects.filter(pk=simulation.pk), at)


class Simulations(LeasedQueue[SimulatedCustomer, SimulatedCustomer.State]):
    """Customers of simulations, each with its periods rated in order."""

    task = "pricing.simulate_customer"
    lease = timedelta(hours=1)

    def waiting(self) -> QuerySet[SimulatedCustomer]:
        return SimulatedCustomer.objects.unsettled().select_related("simulation", "customer")

    def may_begin(self, item: SimulatedCustomer, *, at: datetime) -> bool:
        item.state, item.actions_rated, item.behind = State.RUNNING, 0, 0
        forget(item)  # left by a worker that died
        return True

    def act(self, item: SimulatedCustomer, *, at: datetime) -> SimulatedCustomer.State:
        try:
            _simulate(item)
        except Stopped:
            return State.STOPPED
        return State.DONE

    def settle(self, item: SimulatedCustomer, result: SimulatedCustomer.State, *, at: datetime) -> None:
        item.state, item.next_attempt_at = result, None

    def fail(self, item: SimulatedCustomer, failure: Failure, *, at: datetime) -> None:
        item.state, item.message, item.next_attempt_at = State.FAILED, failure.words, None

    def given_up(self, item: SimulatedCustomer) -> str:
        return f"Started {self.most_attempts} times and never finished: the worker or the database died."

    def after(self, item: SimulatedCustomer, *, at: datetime) -> None:
        _finish_done(Simulation.objects.filter(pk=item.simulation_id), at)

    def tidy(self, *, at: datetime) -> None:
        """Finish the simulations whose last worker died before it marked them finished."""
        _finish_done(Simulation.objects.all(), at)


SIMULATIONS = Simulations()


def simulate_customer(item_id: int, *, attempt: int = 0, at: datetime) -> None:
    """Rate one customer's periods with the drafts."""
    SIMULATIONS.work(item_id, attempt=attempt, at=at)


def _simulate(item: SimulatedCustomer) -> None:
    simulation, customer = item.simulation, item.customer
    proposals = proposed(simulation.proposals)
    periods = list(
        BillingPeriod.objects.filter(customer=customer, label__in=simulation.months)
        .select_related("customer")
        .prefetch_related("customer__terms")
        .order_by("start_at")
    )
    rules = _rules(simulation, customer, since=periods[0].start_at)
    carry = Carry()
    for period in periods:
        with transaction.atomic():
            with as_if_in_force(proposals, at=simulation.created_at):
                comparison = compare(period, rules, carry, may_go_on=lambda: not _is_stopped(simulation))
            keep(simulation, period, comparison)
            item.actions_rated += comparison.actions
            item.behind += int(period.unrated_marks.exists())
            if not SIMULATIONS.ours(item).update(actions_rated=item.actions_rated, behind=item.behind):
                raise LeaseLost


def _rules(simulation: Simulation, customer: Customer, *, since: datetime) -> list[RuleFacts]:
    drafts = simulation.drafts.filter(state=PriceRule.State.DRAFT).order_by("wall_from", "pk")
    begin = since if simulation.from_the_start else None
    return as_if_active(
        book_of(customer).rules, list(drafts.prefetch_related("tiers")), zone=customer.zone, since=begin
    )


def _actions_by_customer(periods: Any) -> dict[int, int]:
    """How many actions there are to rate, as far as is known without counting them."""
    rated = PeriodTally.objects.filter(period__in=periods).values_list("period__customer").annotate(Sum("actions"))
    known = dict.fromkeys(periods.values_list("customer", flat=True).distinct(), 0) | dict(rated)
    unrated = periods.filter(tally=None).values("pk")
    new = Action.objects.filter(period__in=unrated).values_list("period__customer").annotate(Count("pk"))
    for customer, actions in new:
        known[customer] += actions
    return known


def _is_stopped(simulation: Simulation) -> bool:
    return Simulation.objects.filter(pk=simulation.pk, stopped_at__isnull=False).exists()


def _finish_done(simulations: QuerySet[Simulation], at: datetime) -> None:
    unsettled = SimulatedCustomer.objects.unsettled().filter(simulation=OuterRef("pk"))
    simulations.filter(~Exists(unsettled), finished_at=None).update(finished_at=at)
