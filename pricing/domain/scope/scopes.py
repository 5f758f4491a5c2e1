"""How price rules lie to one another: which share what they price, which cover another, which outranks which."""

from datetime import datetime
from typing import Any

from django.db.models import F, Q, QuerySet

from pricing.models import PriceRule
from pricing.rating.amounts import ZERO
from pricing.rating.instants import on_the_clock
from pricing.rating.match import Rank, rank
from pricing.rating.prices import PerUnit
from pricing.rating.values import CustomerId, KindId, LineageId, ProductId, RuleFacts, RuleId, SourceId

FIXES = ("customer_id", "product_id", "category", "source_id", "channel", "action_type_id")
EQUAL = (*FIXES, "currency", "priority")
FREE = PerUnit(ZERO)

Scope = dict[str, Any]  # what is fixed, by the name of its column


def fixed_by(rule: PriceRule) -> Scope:
    """What the rule itself fixes."""
    return {name: getattr(rule, name) for name in FIXES if getattr(rule, name)}


def known_of(rule: PriceRule) -> Scope:
    """The same, and what follows from it: a product's customer and category, a source's channel."""
    known: Scope = {}
    if rule.product is not None:
        known |= {"customer_id": rule.product.customer_id, "category": rule.product.category}
    if rule.source is not None:
        known |= {"channel": rule.source.channel}
    return known | fixed_by(rule)


def share(one: PriceRule, other: PriceRule) -> bool:
    """Whether an action could match both, whenever it occurred."""
    ours, theirs = known_of(one), known_of(other)
    return one.currency == other.currency and all(ours[name] == theirs[name] for name in ours.keys() & theirs.keys())


def covers(wide: PriceRule, narrow: PriceRule) -> bool:
    """Whether whatever matches the narrow one matches the wide one too, whenever it occurred."""
    known = known_of(narrow)
    return wide.currency == narrow.currency and all(known.get(name) == it for name, it in fixed_by(wide).items())


def rank_of(rule: PriceRule) -> Rank:
    """How rating ranks it; its price is no part of that."""
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


def neighbours(rule: PriceRule, *, begin: datetime, end: datetime | None) -> list[PriceRule]:
    """The other rules in force at some wall-clock time in [begin, end) that an action of this one could match too."""
    known = known_of(rule)
    found = in_time(PriceRule.objects.in_force(), begin, end).filter(currency=rule.currency).exclude(pk=rule.pk)
    for name in ("customer_id", "action_type_id"):
        if name in known:
            found = found.filter(Q(**{name: None}) | Q(**{name: known[name]}))
    related = found.select_related("customer", "product", "source", "action_type").order_by("wall_from", "pk")
    return [other for other in related if share(rule, other)]


def same_scope(rule: PriceRule) -> list[PriceRule]:
    """The rules in force of the same scope, currency and priority at the same time: the database refuses the second."""
    equal = {name: getattr(rule, name) for name in EQUAL}
    found = PriceRule.objects.in_force().filter(**equal).exclude(pk=rule.pk)
    return list(in_time(found, rule.wall_from, rule.wall_to).order_by("wall_from"))


def rivals(draft: PriceRule) -> list[PriceRule]:
    """The other drafts that would follow the same rule: when one is activated, the others were written for what was."""
    if draft.first_revision_id is None:
        return []
    drafts = PriceRule.objects.filter(state=PriceRule.State.DRAFT, first_revision=draft.first_revision_id)
    return list(drafts.exclude(pk=draft.pk).select_related("created_by").order_by("wall_from", "pk"))


def in_time(rules: QuerySet[PriceRule], begin: datetime, end: datetime | None) -> QuerySet[PriceRule]:
    """Those in force at some wall-clock time in [begin, end)."""
    found = rules.filter(Q(wall_to=None) | Q(wall_to__gt=begin)).exclude(wall_to=F("wall_from"))
    return found if end is None else found.filter(wall_from__lt=end)
