"""Who may activate a draft or retire a rule: a second person if a threshold requires one, or if it is backdated."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User
from django.db.models import Q

from billing_engine.core.approvals.people import NeedsApproval, approved_by
from billing_engine.core.approvals.requests import check_not_requested
from billing_engine.core.calendar.wall_clock import in_words, instant_of
from billing_engine.core.errors import Refused
from leads.domain.access.second_person import needs_second_person, some_company_needs_second_person
from leads.models import ApprovalThreshold, BillingPeriod
from pricing.domain.rule_book.history import authors
from pricing.domain.scope.effective import customers_of, now_in, zones_of
from pricing.domain.scope.scopes import neighbors, owner_of, rank_of
from pricing.models import PriceRule

ACTIVATION, RETIREMENT = ApprovalThreshold.Kind.RULE_ACTIVATION, ApprovalThreshold.Kind.RULE_RETIREMENT


class SecondPersonNeeded(NeedsApproval):
    """The authors of a draft can't activate it."""

    code = "second_person_needed"
    message = "You wrote part of this draft. Ask a second person to activate it."


class BackdatingNeedsAReason(Refused):
    """Changing the price of past actions needs a reason."""

    code = "backdating_needs_a_reason"


class BackdatingNeedsASecondPerson(NeedsApproval):
    """Changing the price of past actions needs a second person."""

    code = "backdating_needs_a_second_person"


def check_approval(rule: PriceRule, *, by: User, at: datetime, reason: str) -> None:
    """Refuse an activation that lacks its second person or its reason."""
    check_not_requested(rule, ACTIVATION)
    is_author = by.pk in authors(rule)
    if is_author and _is_needed(ACTIVATION, rule):
        raise SecondPersonNeeded
    repriced = repriced_rules(rule, at=at)
    if not repriced:
        return
    names = ", ".join(f"“{other}”" for other in repriced[:3]) + (" and others" if len(repriced) > 3 else "")
    since = f"It starts on {in_words(rule.wall_from)} and reprices actions of {names}"
    if not reason.strip():
        raise BackdatingNeedsAReason(f"{since}. Give a reason.")
    if is_author:
        raise BackdatingNeedsASecondPerson(f"{since}. You wrote it, so ask a second person to activate it.")


def check_may_retire(rule: PriceRule, *, by: User, at: datetime) -> None:
    """Refuse to retire a rule alone where that needs a second person."""
    check_not_requested(rule, RETIREMENT)
    if _is_needed(RETIREMENT, rule) and not approved_by(rule, RETIREMENT, by=by, at=at):
        raise NeedsApproval


def _is_needed(kind: str, rule: PriceRule) -> bool:
    """Return whether every activation, or retirement, needs a second person at a company whose customers it prices."""
    owner = rule.customer or (rule.product.customer if rule.product else None)
    return (
        needs_second_person(kind, owner.terms.on(owner.today).seller)
        if owner
        else some_company_needs_second_person(kind)
    )


def check_second_person(rule: PriceRule, *, by: User, at: datetime) -> None:
    """Refuse a person who may not activate the draft, even with a reason."""
    check_approval(rule, by=by, at=at, reason="given")


def repriced_rules(rule: PriceRule, *, at: datetime) -> list[PriceRule]:
    """The rules in force that priced past actions, in open periods, which this rule would now price.

    Actions without a price yet can be priced by any user, so they do not count.
    """
    zones = [zone for zone in zones_of(rule, rule.revises) if instant_of(rule.wall_from, zone) < at]
    touched = _touched(rule, zones, at=at) if zones else []
    if not touched:
        return []
    until = now_in(zones, at=at)
    ours = rank_of(rule)
    found = neighbors(rule, begin=rule.wall_from, end=until if rule.wall_to is None else min(until, rule.wall_to))
    lost = [other for other in found if other.pk == rule.revises_id or rank_of(other) < ours]
    revised = rule.revises
    if revised and revised not in lost and (revised.wall_to is None or revised.wall_to > rule.wall_from):
        lost.append(revised)
    return [other for other in lost if _has_priced(other, since=rule.wall_from, touched=touched, at=at)]


def _touched(rule: PriceRule, zones: list[ZoneInfo], *, at: datetime) -> list[tuple[int, ZoneInfo]]:
    """The customers, each with its time zone, that have an open period in the past part of the rule's time."""
    past = Q(pk=None)
    for zone in zones:
        past |= Q(customer__time_zone=zone.key, end_at__gt=instant_of(rule.wall_from, zone))
    periods = BillingPeriod.objects.open().filter(past, start_at__lt=at, customer__in=customers_of(rule, rule.revises))
    found = periods.values_list("customer", "customer__time_zone").distinct()
    return [(customer, ZoneInfo(name)) for customer, name in found]


def _has_priced(other: PriceRule, *, since: datetime, touched: list[tuple[int, ZoneInfo]], at: datetime) -> bool:
    """Return whether it was in force between `since` and `at` for one of these customers."""
    begin, owner = max(since, other.wall_from), owner_of(other)
    return any(instant_of(begin, zone) < at for customer, zone in touched if owner in (None, customer))
