"""The life cycle of a price rule: draft, activate, revise from a date on, retire; never edited once in force."""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import F, Q

from billing_engine.core.approvals.requests import close_for
from billing_engine.core.errors import Refused
from leads.domain.periods import mark_open_periods
from pricing.domain.rule_book.approval import check_approval, check_may_retire
from pricing.domain.rule_book.billed import check_not_billed
from pricing.domain.rule_book.checks import check_prices
from pricing.domain.rule_book.drafting import NotADraft
from pricing.domain.rule_book.history import (
    RULE_ACTIVATED,
    RULE_RETIRED,
    RULE_REVISED,
    RULE_ROLLED_BACK,
    Difference,
    differences,
    record_draft,
    record_rule,
    stored_terms,
)
from pricing.domain.rule_book.validate import check_rule, in_order
from pricing.domain.scope.effective import now_in, zones_of
from pricing.domain.scope.overlap import OVERLAP, RulesOverlap, check_overlap
from pricing.domain.scope.scopes import same_scope
from pricing.models import PriceRule, PriceTier


class NotActive(Refused):
    """Only rules in force can be revised or retired."""

    code = "rule_is_not_active"
    message = "Only an active rule can be revised or retired."


class HasEnded(Refused):
    """A rule that has ended can't be revised."""

    code = "rule_has_ended"
    message = "This rule has ended. Create a new one."


class IsTheLatest(Refused):
    """Only an earlier revision can be rolled back to."""

    code = "is_the_latest_revision"
    message = "This is the latest revision, so there is nothing to roll back."


class NeverInForce(Refused):
    """A revision that ends where it starts never prices anything; another revision replaced it."""

    code = "rule_is_never_in_force"
    message = "Another revision replaced this one before it priced anything. Choose that one."


@transaction.atomic
def activate(rule: PriceRule, *, by: User, at: datetime, reason: str = "", override: bool = False) -> PriceRule:
    """Activate a draft; the rule it revises ends where it starts.

    Raises RuleIncomplete if the rule has faults, no matter who wrote it. Workers rate open periods again; closed ones
    never change. Changing the price of past actions needs a reason and a person who wrote no part of the draft; with
    FOUR_EYES, or a threshold of the company, every activation needs that person. A failing price check refuses the
    activation unless `override` is set, with a reason.
    """
    rule = locked(rule)
    if rule.state != PriceRule.State.DRAFT:
        raise NotADraft
    check_rule(rule, in_order(rule.tiers.all()))
    check_overlap(rule)
    check_approval(rule, by=by, at=at, reason=reason)
    overridden = check_prices(rule, at=at, override=override, reason=reason)
    customers = {rule.customer}
    changed = list[Difference]()
    if rule.revises_id:
        old = locked(PriceRule(pk=rule.revises_id))
        customers.add(old.customer)
        before = stored_terms(old.pk)
        _end(old, until=rule.wall_from, at=at)
        ended = differences(before, stored_terms(old.pk))
        changed = [(f"{name} (revision {old.pk})", was, now) for name, was, now in ended]
        changed = [*differences(before, stored_terms(rule.pk)), *changed]
    rule.state, rule.activated_by, rule.activated_at = PriceRule.State.ACTIVE, by, at
    _save_activation(rule)
    told = {"Overridden price checks": [str(check) for check in overridden]} if overridden else {}
    also = [*([rule.revises] if rule.revises else []), *overridden]
    record_rule(RULE_ACTIVATED, rule, by=by, reason=reason, changed=changed, also=also, **told)
    close_for(rule, by=by, at=at)
    for customer in customers:
        mark_open_periods(customer=customer, reason="rule activated")
    return rule


def check_may_be_changed(rule: PriceRule) -> None:
    """Refuse to revise or retire a rule that is a draft, is retired, or will never price anything."""
    if rule.state != PriceRule.State.ACTIVE:
        raise NotActive
    if rule.wall_from == rule.wall_to:
        raise NeverInForce


@transaction.atomic
def revise(rule: PriceRule, *, by: User, at: datetime, since: datetime | None = None) -> PriceRule:
    """Copy the rule to a draft that starts at `since` (or now); nothing changes until it is activated.

    `since` is a wall-clock time; the draft never starts before the rule it copies. A rule that has faults by now,
    because what it names has changed, can be revised, but the draft is refused on save or activation until they are
    fixed.
    """
    rule = locked(rule)
    since = now_in(zones_of(rule), at=at) if since is None else since
    draft = copied_for_revision(rule, by=by, since=since)
    record_rule(RULE_REVISED, draft, by=by, changed=_copied(rule, draft), also=[rule])
    return draft


def copied_for_revision(rule: PriceRule, *, by: User, since: datetime) -> PriceRule:
    """Copy a locked rule in force to a draft; the caller records the deed. Raises HasEnded."""
    check_may_be_changed(rule)
    if rule.wall_to is not None and rule.wall_to <= since:
        raise HasEnded
    return _copy(rule, by=by, since=max(since, rule.wall_from), until=rule.wall_to, revises=rule)


@transaction.atomic
def roll_back(rule: PriceRule, *, by: User, since: datetime) -> PriceRule:
    """Copy an old revision to a draft that follows the one in force from `since` on; history only grows.

    If no revision is in force anymore, this brings the rule back.
    """
    rule = locked(rule)
    if rule.state == PriceRule.State.DRAFT:
        raise NotActive
    latest = _latest(rule, since=since)
    if latest is not None and latest.pk == rule.pk:
        raise IsTheLatest
    begin = since if latest is None else max(since, latest.wall_from)
    draft = _copy(rule, by=by, since=begin, until=latest.wall_to if latest else None, revises=latest)
    also = [rule, *([latest] if latest else [])]
    record_rule(RULE_ROLLED_BACK, draft, by=by, changed=_copied(latest or rule, draft), also=also)
    return draft


@transaction.atomic
def retire(rule: PriceRule, *, by: User, at: datetime, reason: str = "") -> PriceRule:
    """End the rule now; it still prices actions that occurred before, however late they arrive.

    A rule of many customers ends at the same wall-clock time for all of them, the latest local time now, so no past
    action loses its price. Where every retirement needs a second person, it is requested, and another person approves
    it.
    """
    rule = locked(rule)
    check_may_be_changed(rule)
    check_may_retire(rule, by=by, at=at)
    before = stored_terms(rule.pk)
    _end(rule, until=now_in(zones_of(rule), at=at), at=at)
    rule.refresh_from_db()
    rule.state, rule.retired_by, rule.retired_at = PriceRule.State.RETIRED, by, at
    rule.save(update_fields=["state", "retired_by", "retired_at"])
    changed = differences(before, stored_terms(rule.pk))
    record_rule(RULE_RETIRED, rule, by=by, reason=reason, changed=changed)
    close_for(rule, by=by, at=at)
    mark_open_periods(customer=rule.customer, reason="rule retired")
    return rule


@transaction.atomic
def copy_rule(rule: PriceRule, *, name: str, by: User, since: datetime) -> PriceRule:
    """Draft a new rule with the terms of this one, whatever its state; its history is its own, and it has no end."""
    rule = locked(rule)
    draft = _copy(rule, by=by, since=since, until=None, revises=None, name=name)
    record_draft(draft, before=None, by=by)
    return draft


def _copy(
    rule: PriceRule, *, by: User, since: datetime, until: datetime | None, revises: PriceRule | None, name: str = ""
) -> PriceRule:
    """A draft of the same lineage; with a name of its own, the first of a new one."""
    tiers = list(rule.tiers.all())
    draft = PriceRule.objects.get(pk=rule.pk)
    draft.pk, draft._state.adding = None, True
    draft.state, draft.activated_at, draft.activated_by = PriceRule.State.DRAFT, None, None
    draft.retired_at, draft.retired_by = None, None
    draft.created_by, draft.revises = by, revises
    draft.name, draft.first_revision_id = name or rule.name, None if name else rule.lineage
    draft.wall_from, draft.wall_to = since, until
    draft.save(force_insert=True)
    PriceTier.objects.bulk_create(
        PriceTier(
            rule=draft, up_to=tier.up_to, unit_price=tier.unit_price, percent=tier.percent, flat_fee=tier.flat_fee
        )
        for tier in tiers
    )
    return draft


def _copied(rule: PriceRule, draft: PriceRule) -> list[Difference]:
    """How the copy differs from the revision it follows."""
    return differences(stored_terms(rule.pk), stored_terms(draft.pk))


def _latest(rule: PriceRule, *, since: datetime) -> PriceRule | None:
    """The revision that is, or will be, in force last; None if there is none."""
    lineage = Q(pk=rule.lineage) | Q(first_revision_id=rule.lineage)
    lasting = Q(wall_to=None) | Q(wall_to__gt=since)
    active = PriceRule.objects.filter(lineage, lasting, state=PriceRule.State.ACTIVE).exclude(wall_to=F("wall_from"))
    return active.order_by("-wall_from", "-pk").first()


def locked(rule: PriceRule) -> PriceRule:
    """The rule as stored, locked until the transaction ends."""
    return (
        PriceRule.objects.select_for_update(of=("self",))
        .select_related("customer", "product__customer", "source")
        .get(pk=rule.pk)
    )


def _end(rule: PriceRule, *, until: datetime, at: datetime) -> None:
    """Never after its current end, before its start (then it prices nothing) or within what is billed."""
    check_not_billed(rule, since=until, at=at)
    end = max(rule.wall_from, until)
    rule.wall_to = end if rule.wall_to is None else min(end, rule.wall_to)
    rule.save(update_fields=["wall_to"])


def _save_activation(rule: PriceRule) -> None:
    try:
        with transaction.atomic():
            rule.save(update_fields=["state", "activated_by", "activated_at"])
    except IntegrityError as error:
        if OVERLAP in str(error):
            raise RulesOverlap(same_scope(rule)) from error
        raise
