"""Drafts of price rules: stored with their tiers and their history, changed, thrown away; never a rule in force."""

from collections.abc import Sequence
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from billing_engine.core.errors import Refused
from pricing.domain.rule_book.history import record_saved, stored_terms
from pricing.domain.rule_book.validate import check_rule
from pricing.models import PriceRule, PriceTier


class NotADraft(Refused):
    """Only drafts are changed, activated or thrown away."""

    code = "rule_is_no_draft"
    message = "This rule is in force already; revise it."


@transaction.atomic
def save_draft(rule: PriceRule, tiers: Sequence[PriceTier], *, by: User, at: datetime) -> PriceRule:
    """Store a new draft, or a stored one as it has been changed, with exactly these tiers; the history says how.

    Raises RuleIncomplete with its faults, or NotADraft where it was put in force meanwhile.
    """
    before = None
    if rule._state.adding:
        rule.created_by = by
    else:
        _check_draft(rule)
        before = stored_terms(rule.pk)
    check_rule(rule, tiers)
    rule.save()
    rule.tiers.all().delete()
    for tier in tiers:
        tier.pk, tier.rule = None, rule
    PriceTier.objects.bulk_create(tiers)
    record_saved(PriceRule.objects.get(pk=rule.pk), before=before, by=by, at=at)
    return rule


@transaction.atomic
def discard(rule: PriceRule) -> None:
    """Throw a draft away, its tiers and its history with it. Raises NotADraft."""
    _check_draft(rule)
    rule.delete()


def _check_draft(rule: PriceRule) -> None:
    """Refuse, with the row locked, what is stored as something else than a draft."""
    stored = PriceRule.objects.select_for_update(of=("self",)).only("state").get(pk=rule.pk)
    if stored.state != PriceRule.State.DRAFT:
        raise NotADraft
