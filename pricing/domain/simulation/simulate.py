"""Simulations: drafts tried on the real actions of past periods, by the function that bills; only results are written.

One task per customer rates its periods in their order and carries over, from one to the next, what the drafts would have
charged. A worker that dies leaves its customer claimed; the sweep hands it out again when it has been silent for long.
"""

import logging
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import OperationalError, transaction
from django.db.models import Count, F, Q, Sum

from billing_engine.core.errors import Refused
from billing_engine.core.tasks import after_commit
from leads.models import Action, BillingPeriod, Customer
from pricing.domain.rate.inputs import rules_for
from pricing.domain.rule_book.drafts import as_if_active
from pricing.domain.rule_book.effective import customers_of
from pricing.domain.rule_wording import terms_of
from pricing.domain.simulation.period import Carry, Stopped, compare
from pricing.domain.simulation.results import forget, keep
from pricing.models import PeriodTally, PriceRule, SimulatedCustomer, Simulation
from pricing.models.attempts import TRIES
from pricing.rating.values import RuleFacts
from pricing.wording.terms import terms_as_data

logger = logging.getLogger(__name__)
State = SimulatedCustomer.State
SILENT_FOR_LONG = timedelta(hours=1)
AT_A_TIME = 2_000


class NothingChosen(Refused):
    """A simulation is of drafts, or of customers."""

    code = "nothing_chosen"
    message = "Choose drafts; or, to rate the rules in force again, customers."


class NothingToSimulate(Refused):
    """A simulation needs periods."""

    code = "nothing_to_simulate"
    message = "None of these customers has a billing period in these months."


class NotADraftAnyMore(Refused):
    """Only drafts are simulated: what is in force is rated already."""

    code = "simulated_rule_is_no_draft"
    message = "Only drafts can be simulated; one of these is in force already."


@transaction.atomic
def start(
    drafts: Collection[PriceRule],
    *,
    months: Collection[str],
    customers: Collection[Customer] = (),
    from_the_start: bool = True,
    by: User,
    at: datetime,
) -> Simulation:
    """Begin to rate these months with the drafts; without customers those that the drafts could concern.

    Without drafts the rules in force are rated again, for customers that are named. Raises NothingChosen, NotADraftAnyMore
    or NothingToSimulate.
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
        drafts_told=[[draft.pk, draft.name, terms_as_data(terms_of(draft))] for draft in drafts],
        months=sorted(months),
        from_the_start=from_the_start,
        created_at=at,
        created_by=by,
    )
    simulation.drafts.set(drafts)
    items = SimulatedCustomer.objects.bulk_create(
        SimulatedCustomer(simulation=simulation, customer_id=customer, actions=actions)
        for customer, actions in sorted(counted.items(), key=lambda each: -each[1])
    )
    for item in items:
        after_commit("pricing.simulate_customer", item_id=item.pk)
    return simulation


@transaction.atomic
def stop(simulation: Simulation, *, at: datetime) -> None:
    """Let the workers stop; what they have found so far stays."""
    Simulation.objects.filter(pk=simulation.pk, finished_at=None).update(stopped_at=at)
    simulation.customers.filter(state=State.WAITING).update(state=State.STOPPED)
    _finish_if_done(simulation.pk, at)


def ask_for_simulations(*, at: datetime) -> int:
    """Ask for every customer of a simulation that nobody works at; answers how many."""
    silent = Q(state=State.WAITING) | Q(state=State.RUNNING, claimed_at__lt=at - SILENT_FOR_LONG)
    waiting = list(SimulatedCustomer.objects.filter(silent).values_list("pk", flat=True)[:AT_A_TIME])
    for item_id in waiting:
        after_commit("pricing.simulate_customer", item_id=item_id)
    return len(waiting)


def simulate_customer(item_id: int, *, at: datetime) -> None:
    """Rate one customer's periods with the drafts, one after the other; what somebody else is at is left alone."""
    item = _claimed(item_id, at)
    if item is None:
        return
    try:
        _simulate(item)
    except Stopped:
        item.state = State.STOPPED
    except OperationalError:
        raise  # the database, not the item, is in trouble: it is tried again
    except Exception as error:  # one customer's fault stops no other's simulation
        logger.exception("Simulating %s failed", item)
        item.state, item.message = State.FAILED, f"{type(error).__name__}: {error}"
    else:
        item.state = State.DONE
    item.save()
    _finish_if_done(item.simulation_id, at)


def _claimed(item_id: int, at: datetime) -> SimulatedCustomer | None:
    free = Q(state=State.WAITING) | Q(state=State.RUNNING, claimed_at__lt=at - SILENT_FOR_LONG)
    found = SimulatedCustomer.objects.filter(free, pk=item_id)
    if not found.update(state=State.RUNNING, claimed_at=at, attempts=F("attempts") + 1):
        return None
    item = SimulatedCustomer.objects.select_related("simulation", "customer").get(pk=item_id)
    if item.attempts > TRIES:
        _give_up(item, at)
        return None
    item.actions_rated, item.behind = 0, 0
    forget(item)  # what a worker that died has left
    return item


def _give_up(item: SimulatedCustomer, at: datetime) -> None:
    item.state, item.message = State.FAILED, f"Begun {TRIES} times, and never ended: its worker died, or the database."
    item.save(update_fields=["state", "message"])
    _finish_if_done(item.simulation_id, at)


def _simulate(item: SimulatedCustomer) -> None:
    simulation, customer = item.simulation, item.customer
    periods = list(
        BillingPeriod.objects.filter(customer=customer, label__in=simulation.months)
        .select_related("customer")
        .order_by("start_at")
    )
    rules = _rules(simulation, customer, since=periods[0].start_at)
    carry = Carry()
    for period in periods:
        with transaction.atomic():
            comparison = compare(period, rules, carry, may_go_on=lambda: not _is_stopped(simulation))
            keep(simulation, period, comparison)
            item.actions_rated += comparison.actions
            item.behind += int(period.unrated_marks.exists())
            item.save(update_fields=["actions_rated", "behind"])


def _rules(simulation: Simulation, customer: Customer, *, since: datetime) -> list[RuleFacts]:
    drafts = simulation.drafts.filter(state=PriceRule.State.DRAFT).order_by("wall_from", "pk")
    begin = since if simulation.from_the_start else None
    return as_if_active(rules_for(customer), list(drafts.prefetch_related("tiers")), zone=customer.zone, since=begin)


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


def _finish_if_done(simulation_id: int, at: datetime) -> None:
    if not SimulatedCustomer.objects.unsettled().filter(simulation_id=simulation_id).exists():
        Simulation.objects.filter(pk=simulation_id, finished_at=None).update(finished_at=at)
