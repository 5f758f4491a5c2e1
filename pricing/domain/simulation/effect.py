"""What changed facts of the catalog would do to charges: told to the person who approves them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User

from billing_engine.core.errors import Refused
from billing_engine.core.models import ApprovalRequest
from leads.domain.catalog import second_person
from leads.domain.catalog.approvals import register_kinds
from leads.domain.catalog.facts import enact
from leads.domain.catalog.priced import priced_periods
from leads.models import ActionTypeRevision, CatalogRevision, Customer, ProductRevision, SourceRevision
from pricing.domain import proposals
from pricing.domain.rule_book.checks import CheckResult, PriceChecksFail, run_checks
from pricing.domain.simulation.approvals import effect_of
from pricing.domain.simulation.simulate import start
from pricing.models import PriceCheck, Simulation


class NotSimulatedYet(Refused):
    """Facts are approved once their effect is known."""

    code = "not_simulated_yet"
    message = "The effect on open periods is still being calculated. Try again in a moment."


def register_facts() -> None:
    """Let facts be tried and approved, and tell what they do; called at startup."""
    register_kinds(effect_of)
    for model in (ProductRevision, SourceRevision, ActionTypeRevision):
        proposals.register(model, enact)
    second_person.register(try_facts, check_effect_was_shown)


def try_facts(revision: CatalogRevision, by: User, at: datetime) -> Mapping[str, Any]:
    """Start a simulation of the open periods concerned, and run the price checks with the facts."""
    periods = priced_periods(revision)
    months = sorted(set(periods.values_list("label", flat=True)))
    broken = [[result.check.pk, f"“{result.check}”: {result.found}"] for result in broken_checks(revision, at=at)]
    if not months:
        return {"failing_checks": broken, "simulation": None}
    customers = list(Customer.objects.filter(pk__in=periods.values("customer")))
    simulation = start((), months=months, customers=customers, proposals=[revision], from_the_start=False, by=by, at=at)
    return {"failing_checks": broken, "simulation": simulation.pk}


def broken_checks(revision: CatalogRevision, *, at: datetime) -> list[CheckResult]:
    """Return the price checks that fail with these facts, and hold or fail otherwise without them."""
    before = run_checks(PriceCheck.objects.all(), at=at)
    with proposals.as_if_in_force([revision], at=at):
        after = run_checks(PriceCheck.objects.all(), at=at)
    return [now for was, now in zip(before, after, strict=True) if not now.holds and was.found != now.found]


def check_effect_was_shown(revision: CatalogRevision, at: datetime) -> None:
    """Refuse an approval before the simulation has finished, or if more price checks fail than the request showed."""
    request = ApprovalRequest.objects.about(revision).first()
    shown: Mapping[str, Any] = request.effect if request else {}
    if Simulation.objects.filter(pk=shown.get("simulation") or 0, finished_at=None).exists():
        raise NotSimulatedYet
    known = {pk for pk, _ in shown.get("failing_checks", [])}
    new = [result for result in broken_checks(revision, at=at) if result.check.pk not in known]
    if new:
        words = "; ".join(f"“{result.check}”: {result.found}" for result in new[:5])
        raise PriceChecksFail(
            f"Price checks would fail that the request does not show. Request approval again. {words}."
        )
