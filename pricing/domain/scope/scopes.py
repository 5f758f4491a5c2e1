"""How the scopes of price rules relate: which overlap, which cover another, which outrank another."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from operator import attrgetter
from typing import Any

from django.db.models import F, Q, QuerySet, prefetch_related_objects

from leads.models import CatalogRevision
from leads.models.revision import in_force_on
from pricing.models import PriceRule
from pricing.rating.amounts import ZERO
from pricing.rating.instants import on_the_clock
from pricing.rating.match import Rank, rank
from pricing.rating.prices import PerUnit
from pricing.rating.values import CustomerId, KindId, LineageId, ProductId, RuleFacts, RuleId, SourceId

FIXES = ("customer_id", "product_id", "category", "source_id", "channel", "action_type_id")
EQUAL = (*FIXES, "currency", "priority")
FACTS = ("product__revisions", "source__revisions")
FREE = PerUnit(ZERO)
A_MOMENT = timedelta(microseconds=1)

Scope = dict[str, Any]  # the fixed values, by column name


def fixed_scope(rule: PriceRule) -> Scope:
    """The values that the rule itself fixes."""
    return {name: getattr(rule, name) for name in FIXES if getattr(rule, name)}


def owner_of(rule: PriceRule) -> int | None:
    """The customer that the rule, or its product, belongs to."""
    return rule.customer_id or (rule.product.customer_id if rule.product is not None else None)


def full_scope(rule: PriceRule) -> Scope:
    """The same plus what follows: a product's customer and category, a source's channel.

    A category or channel that changes while the rule is in force is left out.
    """
    known: Scope = {"customer_id": owner} if (owner := owner_of(rule)) else {}
    if rule.product is not None and len(its := facts_within(rule, rule.product.revisions.all(), "category")) == 1:
        known["category"] = its.pop()
    if rule.source is not None and len(its := facts_within(rule, rule.source.revisions.all(), "channel")) == 1:
        known["channel"] = its.pop()
    return known | fixed_scope(rule)


def facts_within(rule: PriceRule, revisions: Iterable[CatalogRevision], fact: str) -> set[Any]:
    """The values that a fact has on the days of a rule."""
    last = date.max if rule.wall_to is None else max(rule.wall_from, rule.wall_to - A_MOMENT).date()
    in_force = [each for each in revisions if each.in_force_at is not None and each.first_day <= last]
    started = in_force_on(in_force, rule.wall_from.date())
    order = attrgetter("first_day", "in_force_at", "pk")
    return {getattr(started, fact), *(getattr(each, fact) for each in in_force if order(each) > order(started))}


def share(one: PriceRule, other: PriceRule) -> bool:
    """Return whether an action could match both, at any time."""
    ours, theirs = full_scope(one), full_scope(other)
    return one.currency == other.currency and all(ours[name] == theirs[name] for name in ours.keys() & theirs.keys())


def covers(wide: PriceRule, narrow: PriceRule) -> bool:
    """Return whether everything the narrow rule matches also matches the wide one, at any time."""
    known = full_scope(narrow)
    return wide.currency == narrow.currency and all(known.get(name) == it for name, it in fixed_scope(wide).items())


def rank_of(rule: PriceRule) -> Rank:
    """The rank of the rule in rating; the price does not matter."""
    return rank(
        RuleFacts(
            id=RuleId(rule.pk),
            lineage=LineageId(rule.pk),
            price=FREE,
            currency=rule.currency,
            effective_from=on_the_clock(rule.wall_from),
            customer=None if rule.customer_id is None else CustomerId(rule.customer_id),
            product=None if rule.product_id is None else ProductId(rule.product_id),
            category=rule.category,
            source=None if rule.source_id is None else SourceId(rule.source_id),
            channel=rule.channel,
            action_type=None if rule.action_type_id is None else KindId(rule.action_type_id),
            priority=rule.priority,
        )
    )


def neighbors(rule: PriceRule, *, begin: datetime, end: datetime | None) -> list[PriceRule]:
    """The other rules in force within [begin, end) that could match the same actions."""
    prefetch_related_objects([rule], *FACTS)
    known = full_scope(rule)
    found = in_time(PriceRule.objects.in_force(), begin, end).filter(currency=rule.currency).exclude(pk=rule.pk)
    for name in ("customer_id", "action_type_id"):
        if name in known:
            found = found.filter(Q(**{name: None}) | Q(**{name: known[name]}))
    related = found.select_related("customer", "product", "source", "action_type").order_by("wall_from", "pk")
    related = related.prefetch_related(*FACTS)
    return [other for other in related if share(rule, other)]


def same_scope(rule: PriceRule) -> list[PriceRule]:
    """The rules in force of the same scope, currency and priority at the same time; the database refuses this."""
    equal = {name: getattr(rule, name) for name in EQUAL}
    found = PriceRule.objects.in_force().filter(**equal).exclude(pk=rule.pk)
    return list(in_time(found, rule.wall_from, rule.wall_to).order_by("wall_from"))


def rivals(draft: PriceRule) -> list[PriceRule]:
    """The other drafts that revise the same rule; they were written for the terms before this draft is activated."""
    if draft.first_revision_id is None:
        return []
    drafts = PriceRule.objects.filter(state=PriceRule.State.DRAFT, first_revision=draft.first_revision_id)
    return list(drafts.exclude(pk=draft.pk).select_related("created_by").order_by("wall_from", "pk"))


def in_time(rules: QuerySet[PriceRule], begin: datetime, end: datetime | None) -> QuerySet[PriceRule]:
    """The rules in force at some wall-clock time in [begin, end)."""
    found = rules.filter(Q(wall_to=None) | Q(wall_to__gt=begin)).exclude(wall_to=F("wall_from"))
    return found if end is None else found.filter(wall_from__lt=end)
