"""Simulations: drafts tried on the actions of past periods with the billing function; only results are written.

One task rates some customers together, each one's periods in order, and carries over what the drafts would have charged.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Count, Exists, Model, OuterRef, QuerySet, Sum

from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import Refused
from billing_engine.core.queues.attempt import Failure
from billing_engine.core.queues.batches import BatchQueue
from leads.models import Action, BillingPeriod, Customer
from pricing.domain.proposals import references
from pricing.domain.rate.sweep import TOGETHER
from pricing.domain.rule_wording import terms_of
from pricing.domain.scope.effective import customers_of
from pricing.domain.simulation.comparison.charged_actions import Stopped
from pricing.domain.simulation.comparison.results import forget
from pricing.domain.simulation.customers import simulate
from pricing.models import PeriodTally, PriceRule, SimulatedCustomer, Simulation
from pricing.wording.terms import terms_as_data

State = SimulatedCustomer.State

# Some seconds of work, so that two workers end at about the same time and progress is seen.
ACTIONS_TOGETHER = 100_000

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
    message = "Another worker has started one of these customers again."


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
    SIMULATIONS.ask_for(items)
    return simulation


@transaction.atomic
def stop(simulation: Simulation, *, by: User, at: datetime) -> None:
    """Stop the simulation; its results so far stay."""
    if not Simulation.objects.filter(pk=simulation.pk, finished_at=None, stopped_at=None).update(stopped_at=at):
        return
    record(SIMULATION_STOPPED, on=simulation, by=by)
    simulation.customers.filter(state=State.WAITING).update(state=State.STOPPED, next_attempt_at=None)
    _finish_done(Simulation.objects.filter(pk=simulation.pk), at)


class Simulations(BatchQueue[SimulatedCustomer]):
    """Customers of simulations, each with its periods rated in order."""

    task = "pricing.simulate_customers"
    lease = timedelta(hours=1)
    batched_by = ("simulation_id", "actions")

    def waiting(self) -> QuerySet[SimulatedCustomer]:
        return SimulatedCustomer.objects.unsettled().select_related("simulation", "customer")

    def batches(self, items: Iterable[SimulatedCustomer]) -> Iterator[list[SimulatedCustomer]]:
        """The largest first: a large one alone, small ones of the same simulation together."""
        in_order = sorted(items, key=lambda item: (item.simulation_id, -item.actions, item.pk))
        for _, of_one in groupby(in_order, key=attrgetter("simulation_id")):
            batch, actions = list[SimulatedCustomer](), 0
            for item in of_one:
                if batch and (len(batch) == TOGETHER or actions + item.actions > ACTIONS_TOGETHER):
                    yield batch
                    batch, actions = [], 0
                batch.append(item)
                actions += item.actions
            yield batch

    def may_begin(self, item: SimulatedCustomer, *, at: datetime) -> bool:
        if item.state == State.RUNNING:  # by a worker that died, or in a batch that failed
            forget(item.simulation_id, [item.customer_id])
        item.state, item.actions_rated, item.behind = State.RUNNING, 0, 0
        return True

    def act(self, items: Sequence[SimulatedCustomer], *, at: datetime) -> None:
        try:
            simulate(items[0].simulation, items, save=self._save)
        except Stopped:
            left = [item for item in items if item.state == State.RUNNING]
            for item in left:
                item.state, item.next_attempt_at = State.STOPPED, None
            self._save(left)

    def fail(self, item: SimulatedCustomer, failure: Failure, *, at: datetime) -> None:
        item.state, item.message, item.next_attempt_at = State.FAILED, failure.words, None

    def given_up(self, item: SimulatedCustomer) -> str:
        return f"Started {self.most_attempts} times and never finished: the worker or the database died."

    def after_batch(self, items: Sequence[SimulatedCustomer], *, at: datetime) -> None:
        _finish_done(Simulation.objects.filter(pk__in={item.simulation_id for item in items}), at)

    def tidy(self, *, at: datetime) -> None:
        """Finish the simulations whose last worker died before it marked them finished."""
        _finish_done(Simulation.objects.all(), at)

    def _save(self, items: Sequence[SimulatedCustomer]) -> None:
        """Save the progress of items of one attempt; raises LeaseLost."""
        ours = SimulatedCustomer.objects.unsettled().filter(attempts__in={item.attempts for item in items})
        if ours.bulk_update(items, ["actions_rated", "behind", "state", "next_attempt_at"]) < len(items):
            raise LeaseLost


SIMULATIONS = Simulations()


def simulate_customers(item_ids: Sequence[int], *, attempt: int = 0, at: datetime) -> None:
    """Rate the periods of these customers of one simulation with the drafts."""
    SIMULATIONS.work(item_ids, attempt=attempt, at=at)


def _actions_by_customer(periods: Any) -> dict[int, int]:
    """How many actions there are to rate, as far as is known without counting them."""
    rated = PeriodTally.objects.filter(period__in=periods).values_list("period__customer").annotate(Sum("actions"))
    known = dict.fromkeys(periods.values_list("customer", flat=True).distinct(), 0) | dict(rated)
    unrated = periods.filter(tally=None).values("pk")
    new = Action.objects.filter(period__in=unrated).values_list("period__customer").annotate(Count("pk"))
    for customer, actions in new:
        known[customer] += actions
    return known


def _finish_done(simulations: QuerySet[Simulation], at: datetime) -> None:
    unsettled = SimulatedCustomer.objects.unsettled().filter(simulation=OuterRef("pk"))
    simulations.filter(~Exists(unsettled), finished_at=None).update(finished_at=at)
