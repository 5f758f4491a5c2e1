"""What changed facts of the catalog would do to charges: told to the person who approves them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User

from billing_engine.core.errors import Refused
from billing_engine.core.models.deed import reference
from leads.domain.catalog import second_person
from leads.domain.catalog.facts import enact
from leads.domain.catalog.priced import priced_periods
from leads.models import ActionTypeRevision, Customer, ProductRevision, SourceRevision
from leads.models.facts import CatalogRevision
from pricing.domain import proposals
from pricing.domain.rule_book.checks import CheckResult, run_checks
from pricing.domain.simulation.simulate import start
from pricing.models import PriceCheck, Simulation


class NotSimulatedYet(Refused):
    """Nobody approves facts whose effect is not known yet."""

    code = "not_simulated_yet"
    message = "The effect on open periods is still being calculated. Try again in a moment."


def register_effects() -> None:
    """Let facts be tried, and tell what they do; called at startup."""
    for model in (ProductRevision, SourceRevision, ActionTypeRevision):
        proposals.register(model, enact)
    second_person.register(effect_of, check_is_simulated)


def effect_of(revision: CatalogRevision, by: User, at: datetime) -> Mapping[str, Any]:
    """Start a simulation of the open periods concerned, and run the price checks with the facts."""
    periods = priced_periods(revision)
    months = sorted(set(periods.values_list("label", flat=True)))
    broken = [f"{result.check}: {result.found}" for result in broken_checks(revision, at=at)]
    if not months:
        return {"price_checks": broken}
    customers = list(Customer.objects.filter(pk__in=periods.values("customer")))
    simulation = start((), months=months, customers=customers, proposals=[revision], from_the_start=False, by=by, at=at)
    return {"simulation": simulation.pk, "price_checks": broken}


def broken_checks(revision: CatalogRevision, *, at: datetime) -> list[CheckResult]:
    """Return the price checks that fail with these facts, and hold or fail otherwise without them."""
    before = run_checks(PriceCheck.objects.all(), at=at)
    with proposals.as_if_in_force([revision], at=at):
        after = run_checks(PriceCheck.objects.all(), at=at)
    return [now for was, now in zip(before, after, strict=True) if not now.holds and was.found != now.found]


def simulation_of(revision: CatalogRevision) -> Simulation | None:
    """Return the latest simulation of these facts, if one was needed."""
    return Simulation.objects.filter(proposals__contains=[[reference(revision)]]).order_by("pk").last()


def check_is_simulated(revision: CatalogRevision) -> None:
    """Refuse an approval before the simulation has finished."""
    simulation = simulation_of(revision)
    if simulation is not None and simulation.finished_at is None:
        raise NotSimulatedYet
