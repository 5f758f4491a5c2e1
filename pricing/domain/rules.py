"""The life of a price rule: drafted, activated, revised from a date on, retired; never edited once it is in force."""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import Max, Q

from billing_engine.core.errors import Refused
from leads.domain.periods import mark_open_periods
from leads.models import BillingPeriod
from pricing.domain.facts import price_facts
from pricing.models import PriceRule, PriceTier

TIERED = (
    PriceRule.PriceModel.GRADUATED,
    PriceRule.PriceModel.VOLUME,
    PriceRule.PriceModel.GRADUATED_PERCENTAGE,
)
OVERLAP = "active_rules_of_one_scope_never_overlap"


class NotADraft(Refused):
    """Only drafts are activated."""

    code = "rule_is_no_draft"
    message = "This rule is in force already; revise it."


class NotActive(Refused):
    """Only rules in force are revised or retired."""

    code = "rule_is_not_active"
    message = "Only an active rule can be revised or retired."


class HasEnded(Refused):
    """What has ended is not continued by a revision."""

    code = "rule_has_ended"
    message = "This rule has ended: make a new one."


class WouldRewriteHistory(Refused):
    """A rule that priced closed periods keeps pricing them."""

    code = "would_rewrite_history"


class RuleIncomplete(Refused):
    """A rule without a whole price can't be activated."""

    code = "rule_incomplete"


class RulesOverlap(Refused):
    """Two active rules of one scope and priority would price the same instant."""

    code = "rules_overlap"
    message = "Another active rule already covers this scope, priority and time: revise or retire that one."


@transaction.atomic
def activate(rule: PriceRule, *, by: User, at: datetime) -> PriceRule:
    """Put a draft in force; a revision ends the rule it revises where it begins itself.

    Open periods are rated anew by the workers; closed ones never change.
    """
    rule = _locked(rule)
    if rule.state != PriceRule.State.DRAFT:
        raise NotADraft
    _check_price(rule)
    customers = {rule.customer}
    if rule.revises_id:
        old = _locked(PriceRule(pk=rule.revises_id))
        customers.add(old.customer)
        _end(old, at=rule.effective_from)
    rule.state, rule.activated_by, rule.activated_at = PriceRule.State.ACTIVE, by, at
    _save(rule)
    for customer in customers:
        mark_open_periods(customer=customer, reason="rule activated")
    return rule


@transaction.atomic
def revise(rule: PriceRule, *, by: User, at: datetime) -> PriceRule:
    """A draft that copies the rule from `at` on; nothing changes until it is activated."""
    draft = _locked(rule)
    if draft.state != PriceRule.State.ACTIVE:
        raise NotActive
    if draft.effective_to is not None and draft.effective_to <= at:
        raise HasEnded
    tiers = list(rule.tiers.all())
    rule = PriceRule.objects.get(pk=rule.pk)
    draft.pk, draft._state.adding = None, True
    draft.state, draft.activated_at, draft.activated_by = PriceRule.State.DRAFT, None, None
    draft.created_by, draft.revises, draft.first_revision_id = by, rule, rule.lineage
    draft.effective_from, draft.effective_to = max(at, rule.effective_from), rule.effective_to
    draft.save()
    PriceTier.objects.bulk_create(
        PriceTier(
            rule=draft, up_to=tier.up_to, unit_price=tier.unit_price, percent=tier.percent, flat_fee=tier.flat_fee
        )
        for tier in tiers
    )
    return draft


@transaction.atomic
def retire(rule: PriceRule, *, by: User, at: datetime) -> PriceRule:
    """End the rule at `at`; it still prices what occurred before, however late that arrives."""
    rule = _locked(rule)
    if rule.state != PriceRule.State.ACTIVE:
        raise NotActive
    _end(rule, at=at)
    rule.refresh_from_db()
    rule.state, rule.retired_by, rule.retired_at = PriceRule.State.RETIRED, by, at
    rule.save(update_fields=["state", "retired_by", "retired_at"])
    mark_open_periods(customer=rule.customer, reason="rule retired")
    return rule


def _locked(rule: PriceRule) -> PriceRule:
    return PriceRule.objects.select_for_update(of=("self",)).select_related("customer").get(pk=rule.pk)


def _check_price(rule: PriceRule) -> None:
    if rule.price_model not in TIERED and rule.tiers.exists():
        raise RuleIncomplete(f"A {rule.get_price_model_display().lower()} price has no tiers: remove them.")
    try:
        price_facts(rule)
    except ValueError as error:
        raise RuleIncomplete(str(error)) from error
    if rule.product and rule.customer_id not in (None, rule.product.customer_id):
        raise RuleIncomplete(f"{rule.product} is no product of {rule.customer}.")


def _end(rule: PriceRule, *, at: datetime) -> None:
    """Never later than it ends already, never before it began (then it priced nothing), never within what is billed."""
    closed = BillingPeriod.objects.closed().filter(Q() if rule.customer is None else Q(customer=rule.customer))
    billed_until = closed.aggregate(until=Max("end_at"))["until"]
    if billed_until is not None and at < billed_until and rule.effective_from < billed_until:
        raise WouldRewriteHistory(
            f"What occurred before {billed_until:%Y-%m-%d %H:%M} UTC is billed: begin there or later."
        )
    end = max(rule.effective_from, at)
    rule.effective_to = end if rule.effective_to is None else min(end, rule.effective_to)
    rule.save(update_fields=["effective_to"])


def _save(rule: PriceRule) -> None:
    try:
        with transaction.atomic():
            rule.save()
    except IntegrityError as error:
        if OVERLAP in str(error):
            raise RulesOverlap from error
        raise
