"""Requests to activate or retire a price rule: what changes, its price checks, and a simulation of its effect."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Sum
from django.urls import reverse

from billing_engine.core import money
from billing_engine.core.approvals.kinds import Kind, nothing_to_do
from billing_engine.core.approvals.people import approved_by
from billing_engine.core.approvals.requests import ask
from billing_engine.core.calendar.wall_clock import instant_of
from billing_engine.core.models import ApprovalRequest
from leads.models import BillingPeriod
from pricing.domain.rule_book.approval import ACTIVATION, RETIREMENT
from pricing.domain.rule_book.checks import OverrideNeedsAReason, PriceChecksFail, checks_with
from pricing.domain.rule_book.drafting import NotADraft
from pricing.domain.rule_book.history import RULE_RETIRED, WRITTEN, authors, differences, stored_terms
from pricing.domain.rule_book.rules import activate, check_may_be_changed, retire
from pricing.domain.rule_book.validate import check_rule, in_order
from pricing.domain.scope.effective import customers_of, zones_of
from pricing.domain.scope.overlap import check_overlap
from pricing.domain.simulation.simulate import NothingToSimulate, start
from pricing.domain.simulation.tried import edited_since
from pricing.models import PriceRule, SimulatedSum, Simulation

MONTHS_SIMULATED = 3


@transaction.atomic
def request_activation(
    rule: PriceRule, *, by: User, at: datetime, reason: str, override: bool = False
) -> ApprovalRequest:
    """Request the activation of a draft, with its price checks and a simulation of the periods that it would price.

    Raises what `activate` would raise about the draft itself. Checks that fail need `override`: the second person sees
    them and overrides them with the approval.
    """
    if rule.state != PriceRule.State.DRAFT:
        raise NotADraft
    check_rule(rule, in_order(rule.tiers.all()))
    check_overlap(rule)
    failing = [result for result in checks_with(rule, at=at) if result.is_broken]
    if failing and not override:
        words = "; ".join(f"“{result.check}”: {result.found}" for result in failing[:5])
        raise PriceChecksFail(f"{len(failing)} price check{'s' if len(failing) > 1 else ''} would fail. {words}.")
    if failing and not reason.strip():
        raise OverrideNeedsAReason
    simulation = _simulation_of(rule, by=by, at=at)
    effect = {
        "failing_checks": [[result.check.pk, f"“{result.check}”: {result.found}"] for result in failing],
        "simulation": simulation.pk if simulation else None,
    }
    before = stored_terms(rule.revises_id) if rule.revises_id else {}
    return ask(
        RULE_ACTIVATION,
        on=rule,
        by=by,
        at=at,
        reason=reason,
        differences=differences(before, stored_terms(rule.pk)),
        effect=effect,
    )


@transaction.atomic
def request_retirement(rule: PriceRule, *, by: User, at: datetime, reason: str) -> ApprovalRequest:
    """Request the end of a rule in force."""
    check_may_be_changed(rule)
    ends = stored_terms(rule.pk)["Ends"]
    changed = [("State", "Active", "Retired"), ("Ends", ends, "when approved")]
    return ask(RULE_RETIREMENT, on=rule, by=by, at=at, reason=reason, differences=changed)


def effect_of(request: ApprovalRequest, at: datetime) -> dict[str, Any]:  # noqa: ARG001 -- as a Kind calls it
    """Return what the approver sees: failing checks, and the amounts of each customer now and then."""
    failing = [words for _, words in request.effect.get("failing_checks", [])]
    simulation = Simulation.objects.filter(pk=request.effect.get("simulation")).first()
    if simulation is None:
        return {"failing_checks": failing, "note": "No billing period has actions that it could price."}
    note = "" if simulation.finished_at else "The simulation is still running. Reload the page for its result."
    return {
        "failing_checks": failing,
        "customers": _per_customer(simulation),
        "note": note,
        "simulation": reverse("admin:pricing_simulation_change", args=[simulation.pk]),
        "months": ", ".join(simulation.months),
    }


def _per_customer(simulation: Simulation) -> list[dict[str, str]]:
    sums = SimulatedSum.objects.filter(simulation=simulation)
    rows = sums.values_list("period__customer__name", "period__customer__currency").annotate(
        now=Sum("now_amount"), then=Sum("then_amount")
    )
    return [
        _figures(name, currency, now, then) for name, currency, now, then in rows.order_by("period__customer__name")
    ]


def _figures(name: str, currency: str, now: Decimal, then: Decimal) -> dict[str, str]:
    return {
        "customer": name,
        "now": money.price_in_words(now, currency),
        "then": money.price_in_words(then, currency),
        "difference": money.difference_in_words(then - now, currency),
    }


def _simulation_of(rule: PriceRule, *, by: User, at: datetime) -> Simulation | None:
    """Return the latest simulation of exactly this draft, or start one; None if there is nothing to simulate."""
    for known in Simulation.objects.filter(drafts=rule, stopped_at=None).order_by("-pk")[:5]:
        if len(known.draft_snapshots) == 1 and not edited_since([rule], known):
            return known
    is_backdated = any(instant_of(rule.wall_from, zone) < at for zone in zones_of(rule, rule.revises))
    started = BillingPeriod.objects.filter(customer__in=customers_of(rule, rule.revises), start_at__lt=at)
    open_ones = started.filter(state=BillingPeriod.State.OPEN) if is_backdated else started
    months = open_ones.order_by("-label").values_list("label", flat=True).distinct()[:MONTHS_SIMULATED]
    try:
        return start([rule], months=list(months), from_the_start=not is_backdated, by=by, at=at)
    except NothingToSimulate:
        return None


def _activate(rule: PriceRule, by: User, at: datetime, reason: str) -> None:
    """Activate for the person who approves; only checks that the request showed are overridden."""
    request = approved_by(rule, ACTIVATION, by=by, at=at)
    shown = {pk for pk, _ in request.effect.get("failing_checks", [])} if request else set()
    failing = {result.check.pk for result in checks_with(rule, at=at) if result.is_broken}
    activate(rule, by=by, at=at, reason=reason, override=bool(failing) and failing <= shown)


def _retire(rule: PriceRule, by: User, at: datetime, reason: str) -> None:
    retire(rule, by=by, at=at, reason=reason)


def _page(rule: PriceRule) -> str:
    return reverse("admin:pricing_pricerule_change", args=[rule.pk])


RULE_ACTIVATION = Kind(
    code=ACTIVATION.value,
    words="Price rule",
    model=PriceRule,
    permission="pricing.change_pricerule",
    written_by=WRITTEN,
    approve=_activate,
    set_aside=nothing_to_do,
    page=_page,
    other_authors=authors,
    effect=effect_of,
)
RULE_RETIREMENT = Kind(
    code=RETIREMENT.value,
    words="Retirement of a price rule",
    model=PriceRule,
    permission="pricing.change_pricerule",
    written_by=frozenset({RULE_RETIRED.code}),
    approve=_retire,
    set_aside=nothing_to_do,
    page=_page,
)
