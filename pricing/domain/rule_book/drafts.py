"""The rules as they would be with drafts in force, for examples, price checks and simulations."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db.models import DecimalField

from pricing.domain.rate.inputs import remember_tiers, rule_facts, wall_moment
from pricing.models import PriceRule, PriceTier
from pricing.rating.instants import Instant, moment
from pricing.rating.values import RuleFacts, RuleId

UNSAVED = 0  # not the id of any rule


def as_if_active(
    rules: Iterable[RuleFacts], drafts: Sequence[PriceRule], *, zone: ZoneInfo, since: datetime | None = None
) -> list[RuleFacts]:
    """The rules in force in a time zone plus these drafts; a revised rule ends where its draft starts.

    With `since`, drafts that start later are treated as starting then, so that past actions can be rated with them.
    ValueError, with a sentence, if a draft's price is incomplete.
    """
    begins = {draft: _begin(draft, zone, since) for draft in drafts}
    ends = {RuleId(draft.revises_id): begin for draft, begin in begins.items() if draft.revises_id}
    kept = [_ended(rule, ends[rule.id]) if rule.id in ends else rule for rule in rules]
    return kept + [replace(rule_facts(draft, zone), effective_from=begin) for draft, begin in begins.items()]


def with_tiers(rule: PriceRule, tiers: Sequence[PriceTier]) -> PriceRule:
    """An unsaved rule from a form, priced by these tiers."""
    rule.pk = rule.pk or UNSAVED
    for row in (rule, *tiers):
        for field in row._meta.concrete_fields:
            number = getattr(row, field.attname)
            if isinstance(field, DecimalField) and number is not None:
                setattr(row, field.attname, Decimal(number))  # a default is a plain 0 until saved
    remember_tiers(rule, tiers)
    return rule


def _begin(draft: PriceRule, zone: ZoneInfo, since: datetime | None) -> Instant:
    begin = wall_moment(draft.wall_from, zone)
    return begin if since is None else min(begin, moment(since))


def _ended(rule: RuleFacts, at: Instant) -> RuleFacts:
    end = max(rule.effective_from, at)
    return replace(rule, effective_to=end if rule.effective_to is None else min(rule.effective_to, end))
