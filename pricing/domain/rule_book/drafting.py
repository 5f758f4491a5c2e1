"""Store, change and delete drafts of price rules, with their tiers and history."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

from django.contrib.auth.models import User
from django.db import transaction

from billing_engine.core.approvals.requests import close_for
from billing_engine.core.errors import Refused
from billing_engine.core.saving import save_changes
from leads.models import ActionType, Product
from pricing.domain.rule_book.history import (
    RULE_DISCARDED,
    RULE_REVISED,
    Terms,
    differences,
    record_draft,
    record_rule,
    stored_terms,
)
from pricing.domain.rule_book.validate import check_rule
from pricing.domain.rule_wording import named_after_scope
from pricing.models import PriceRule, PriceTier
from pricing.rating.prices import PerUnit


class NotADraft(Refused):
    """Only drafts can be edited, activated or deleted."""

    code = "rule_is_no_draft"
    message = "This rule is already in force. Revise it instead."


@transaction.atomic
def save_draft(rule: PriceRule, tiers: Sequence[PriceTier], *, by: User, revision_of: Terms | None = None) -> PriceRule:
    """Save a new or changed draft with exactly these tiers, and record the deed.

    `revision_of` are the terms that a draft which was copied just now revises. Raises RuleIncomplete with its faults, or
    NotADraft if it was activated in the meantime.
    """
    before = None
    if rule._state.adding:
        rule.created_by = by
    else:
        _check_draft(rule)
        before = stored_terms(rule.pk)
    check_rule(rule, tiers)
    save_changes(rule)
    rule.tiers.all().delete()
    for tier in tiers:
        tier.pk, tier.rule = None, rule
    PriceTier.objects.bulk_create(tiers)
    saved = PriceRule.objects.get(pk=rule.pk)
    if revision_of is None:
        record_draft(saved, before=before, by=by)
    else:
        also = [saved.revises] if saved.revises else []
        record_rule(RULE_REVISED, saved, by=by, changed=differences(revision_of, stored_terms(saved.pk)), also=also)
    return rule


@transaction.atomic
def draft_each(
    products: Iterable[Product], *, action_type: ActionType, unit_price: Decimal, since: datetime, by: User
) -> list[PriceRule]:
    """Draft a rule per unit for each product, because a rule can name only one; each is named after its scope."""
    drafts = list[PriceRule]()
    for product in products:
        rule = PriceRule(
            customer=product.customer,
            product=product,
            action_type=action_type,
            currency=product.customer.currency,
            price_model=PerUnit.code,
            unit_price=unit_price,
            wall_from=since,
        )
        rule.name = named_after_scope(rule)
        drafts.append(save_draft(rule, [], by=by))
    return drafts


@transaction.atomic
def discard(rule: PriceRule, *, by: User, at: datetime) -> None:
    """Delete a draft with its tiers; its deeds stay. Raises NotADraft."""
    _check_draft(rule)
    changed = [(name, words, "") for name, words in stored_terms(rule.pk).items()]
    close_for(rule, by=by, at=at)
    record_rule(RULE_DISCARDED, rule, by=by, changed=changed)
    rule.delete()


def _check_draft(rule: PriceRule) -> None:
    """Lock the row and refuse it unless it is a draft."""
    stored = PriceRule.objects.select_for_update(of=("self",)).only("state").get(pk=rule.pk)
    if stored.state != PriceRule.State.DRAFT:
        raise NotADraft
