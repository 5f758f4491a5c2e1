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
    return with_drafts(rules, drafts_as_rules(drafts, zone=zone, since=since))


def drafts_as_rules(
    drafts: Sequence[PriceRule], *, zone: ZoneInfo, since: datetime | None = None
) -> list[tuple[RuleFacts, RuleId | None]]:
    """The drafts as if active in a time zone, as above, each with the rule that it revises."""
    return [
        (
            replace(rule_facts(draft, zone), effective_from=_begin(draft, zone, since)),
            RuleId(draft.revises_id) if draft.revises_id else None,
        )
        for draft in drafts
    ]


def with_drafts(rules: Iterable[RuleFacts], drafts: Sequence[tuple[RuleFacts, RuleId | None]]) -> list[RuleFacts]:
    """The rules plus these drafts; a revised rule ends where its draft starts."""
    ends = {revised: draft.effective_from for draft, revised in drafts if revised is not None}
    kept = [_ended(rule, ends[rule.id]) if rule.id in ends else rule for rule in rules]
    return kept + [draft for draft, _ in drafts]


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
