"""The life of a price rule: drafted, activated, revised from a date on, retired; never edited once it is in force."""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import F, Q

from billing_engine.core.errors import Refused
from leads.domain.periods import mark_open_periods
from pricing.domain.rule_book.approval import check_people
from pricing.domain.rule_book.billed import check_not_billed
from pricing.domain.rule_book.checks import check_prices
from pricing.domain.rule_book.drafting import NotADraft
from pricing.domain.rule_book.history import Terms, differences, record, stored_terms
from pricing.domain.rule_book.validate import check_rule, in_order
from pricing.domain.scope.effective import now_in, zones_of
from pricing.domain.scope.overlap import OVERLAP, RulesOverlap, check_overlap
from pricing.domain.scope.scopes import same_scope
from pricing.models import PriceRule, PriceTier, RuleChange


class NotActive(Refused):
    """Only rules in force are revised or retired."""

    code = "rule_is_not_active"
    message = "Only an active rule can be revised or retired."


class HasEnded(Refused):
    """What has ended is not continued by a revision."""

    code = "rule_has_ended"
    message = "This rule has ended: make a new one."


class IsTheLatest(Refused):
    """One rolls back to an earlier revision."""

    code = "is_the_latest_revision"
    message = "This is the latest revision: there is nothing to roll back."


class NeverInForce(Refused):
    """A revision that ends where it begins prices nothing, ever; another one has taken its place."""

    code = "rule_is_never_in_force"
    message = "Another revision took this one's place before it priced anything: choose that one."


@transaction.atomic
def activate(rule: PriceRule, *, by: User, at: datetime, reason: str = "", override: bool = False) -> PriceRule:
    """Put a draft in force; a revision ends the rule it revises where it begins itself.

    A rule with faults is refused, whoever wrote it: raises RuleIncomplete. Open periods are rated again by the workers;
    closed ones never change. What changes the price of what has occurred needs a reason and a person who did not write
    it; with FOUR_EYES every activation needs that person. A price check that would fail refuses it, unless `override`
    says, with a reason, that this is meant.
    """
    rule = _locked(rule)
    if rule.state != PriceRule.State.DRAFT:
        raise NotADraft
    check_rule(rule, in_order(rule.tiers.all()))
    check_overlap(rule)
    check_people(rule, by=by, at=at, reason=reason)
    overridden = check_prices(rule, at=at, override=override, reason=reason)
    customers = {rule.customer}
    if rule.revises_id:
        old = _locked(PriceRule(pk=rule.revises_id))
        customers.add(old.customer)
        before = stored_terms(old.pk)
        _end(old, until=rule.wall_from, at=at)
        ended = differences(before, stored_terms(old.pk))
        record(old, RuleChange.What.ENDED, by=by, at=at, changed=ended)
    rule.state, rule.activated_by, rule.activated_at = PriceRule.State.ACTIVE, by, at
    _save(rule)
    changed = differences(before, stored_terms(rule.pk)) if rule.revises_id else []
    against = [str(check) for check in overridden]
    record(rule, RuleChange.What.ACTIVATED, by=by, at=at, reason=reason, changed=changed, overridden=against)
    for customer in customers:
        mark_open_periods(customer=customer, reason="rule activated")
    return rule


def check_may_be_changed(rule: PriceRule) -> None:
    """Refuse to revise or retire what is a draft, retired, or will never price anything."""
    if rule.state != PriceRule.State.ACTIVE:
        raise NotActive
    if rule.wall_from == rule.wall_to:
        raise NeverInForce


@transaction.atomic
def revise(rule: PriceRule, *, by: User, at: datetime, since: datetime | None = None) -> PriceRule:
    """A draft that copies the rule, in force from `since` (or now) on; nothing changes until it is activated.

    `since` is a wall-clock time; the draft never begins before the rule it copies. A rule that has faults by now, because
    what it names has changed, can be revised: the draft is refused when it is saved or activated with them.
    """
    rule = _locked(rule)
    check_may_be_changed(rule)
    since = now_in(zones_of(rule), at=at) if since is None else since
    if rule.wall_to is not None and rule.wall_to <= since:
        raise HasEnded
    return _copy(rule, by=by, at=at, since=max(since, rule.wall_from), until=rule.wall_to, revises=rule)


@transaction.atomic
def roll_back(rule: PriceRule, *, by: User, at: datetime, since: datetime) -> PriceRule:
    """A draft that copies an old revision, to follow the one in force from `since` on; history only ever grows.

    Where nothing of the rule is in force any more, it brings the rule back.
    """
    rule = _locked(rule)
    if rule.state == PriceRule.State.DRAFT:
        raise NotActive
    latest = _latest(rule, since=since)
    if latest is not None and latest.pk == rule.pk:
        raise IsTheLatest
    begin = since if latest is None else max(since, latest.wall_from)
    return _copy(rule, by=by, at=at, since=begin, until=latest.wall_to if latest else None, revises=latest)


@transaction.atomic
def retire(rule: PriceRule, *, by: User, at: datetime, reason: str = "") -> PriceRule:
    """End the rule now; it still prices what occurred before, however late that arrives.

    A rule of many customers ends at one time on the clocks of all, where the day is furthest on now: so nothing that has
    occurred loses its price.
    """
    rule = _locked(rule)
    check_may_be_changed(rule)
    before = stored_terms(rule.pk)
    _end(rule, until=now_in(zones_of(rule), at=at), at=at)
    rule.refresh_from_db()
    rule.state, rule.retired_by, rule.retired_at = PriceRule.State.RETIRED, by, at
    rule.save(update_fields=["state", "retired_by", "retired_at"])
    changed = differences(before, stored_terms(rule.pk))
    record(rule, RuleChange.What.RETIRED, by=by, at=at, reason=reason, changed=changed)
    mark_open_periods(customer=rule.customer, reason="rule retired")
    return rule


def _copy(
    rule: PriceRule, *, by: User, at: datetime, since: datetime, until: datetime | None, revises: PriceRule | None
) -> PriceRule:
    tiers = list(rule.tiers.all())
    draft = PriceRule.objects.get(pk=rule.pk)
    draft.pk, draft._state.adding = None, True
    draft.state, draft.activated_at, draft.activated_by = PriceRule.State.DRAFT, None, None
    draft.retired_at, draft.retired_by = None, None
    draft.created_by, draft.revises, draft.first_revision_id = by, revises, rule.lineage
    draft.wall_from, draft.wall_to = since, until
    draft.save()
    PriceTier.objects.bulk_create(
        PriceTier(
            rule=draft, up_to=tier.up_to, unit_price=tier.unit_price, percent=tier.percent, flat_fee=tier.flat_fee
        )
        for tier in tiers
    )
    record(draft, RuleChange.What.DRAFTED, by=by, at=at, changed=_copied(rule, draft, revises))
    return draft


def _copied(rule: PriceRule, draft: PriceRule, revises: PriceRule | None) -> list[tuple[str, str, str]]:
    """How the copy differs from the revision that it follows."""
    before: Terms = stored_terms((revises or rule).pk)
    return differences(before, stored_terms(draft.pk))


def _latest(rule: PriceRule, *, since: datetime) -> PriceRule | None:
    """The revision that is, or will be, in force last; None where none is any more."""
    lineage = Q(pk=rule.lineage) | Q(first_revision_id=rule.lineage)
    lasting = Q(wall_to=None) | Q(wall_to__gt=since)
    active = PriceRule.objects.filter(lineage, lasting, state=PriceRule.State.ACTIVE).exclude(wall_to=F("wall_from"))
    return active.order_by("-wall_from", "-pk").first()


def _locked(rule: PriceRule) -> PriceRule:
    return (
        PriceRule.objects.select_for_update(of=("self",))
        .select_related("customer", "product__customer", "source")
        .get(pk=rule.pk)
    )


def _end(rule: PriceRule, *, until: datetime, at: datetime) -> None:
    """Never later than it ends already, never before it began (then it priced nothing), never within what is billed."""
    check_not_billed(rule, since=until, at=at)
    end = max(rule.wall_from, until)
    rule.wall_to = end if rule.wall_to is None else min(end, rule.wall_to)
    rule.save(update_fields=["wall_to"])


def _save(rule: PriceRule) -> None:
    try:
        with transaction.atomic():
            rule.save()
    except IntegrityError as error:
        if OVERLAP in str(error):
            raise RulesOverlap(same_scope(rule)) from error
        raise
