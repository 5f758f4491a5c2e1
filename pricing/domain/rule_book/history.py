"""The deeds on a price rule: who did what when, and how its terms changed."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Model, Q

from billing_engine.core.calendar.wall_clock import in_words
from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.models import Deed
from billing_engine.core.models.deed import DeedQuerySet
from leads.models import Channel
from pricing.domain.rule_wording import limits_in_words, model_in_words
from pricing.models import PriceRule

Difference = tuple[str, str, str]  # field, before, after
Terms = Mapping[str, str]

RULE_DRAFTED = Verb("price_rule_drafted", "Price rule drafted")
RULE_EDITED = Verb("price_rule_edited", "Draft of a price rule edited")
RULE_REVISED = Verb("price_rule_revised", "Revision of a price rule drafted")
RULE_ROLLED_BACK = Verb("price_rule_rolled_back", "Earlier revision of a price rule drafted again")
RULE_ACTIVATED = Verb("price_rule_activated", "Price rule activated")
RULE_RETIRED = Verb("price_rule_retired", "Price rule retired")
RULE_DISCARDED = Verb("price_rule_discarded", "Draft of a price rule deleted")
# Who did one of these to a draft is its author.
WRITTEN = frozenset(verb.code for verb in (RULE_DRAFTED, RULE_EDITED, RULE_REVISED, RULE_ROLLED_BACK))

OPEN = "any"
NO_END = "no end"


def terms_in_words(rule: PriceRule) -> dict[str, str]:
    """Every term that decides what the rule prices and how, by its name on the form."""
    return {
        "Name": rule.name,
        "Customer": str(rule.customer or OPEN),
        "Product": str(rule.product or OPEN),
        "Category": rule.category or OPEN,
        "Action type": str(rule.action_type or OPEN),
        "Source": str(rule.source or OPEN),
        "Channel": Channel(rule.channel).label if rule.channel else OPEN,
        "Price": model_in_words(rule),
        "Limits": ", ".join(limits_in_words(rule)) or "none",
        "Currency": rule.currency,
        "Priority": str(rule.priority),
        "Begins": in_words(rule.wall_from),
        "Ends": NO_END if rule.wall_to is None else in_words(rule.wall_to),
    }


def differences(before: Terms, after: Terms) -> list[Difference]:
    """The terms that differ, in the form's order."""
    return [(name, before.get(name, OPEN), words) for name, words in after.items() if before.get(name, OPEN) != words]


def record_rule(
    verb: Verb,
    rule: PriceRule,
    *,
    by: User,
    changed: Sequence[Difference] = (),
    reason: str = "",
    also: Sequence[Model] = (),
    **told: Any,
) -> None:
    """Record a deed on a rule, with its changed terms in words; `told` are further facts."""
    before, after = ({one[0]: one[side] for one in changed} for side in (1, 2))
    customer = rule.customer or (rule.product.customer if rule.product else None)
    touched = [*also, *([customer] if customer else [])]
    record(verb, on=rule, by=by, reason=reason, before=before, after=after | told, also=touched)


def record_draft(rule: PriceRule, *, before: Terms | None, by: User) -> None:
    """Record that a draft was saved; `before` are its earlier terms, None if it is new. Without a change there is no deed."""
    if before is None:
        record_rule(
            RULE_DRAFTED, rule, by=by, changed=[(name, "", words) for name, words in terms_in_words(rule).items()]
        )
    elif changed := differences(before, terms_in_words(rule)):
        record_rule(RULE_EDITED, rule, by=by, changed=changed)


def stored_terms(rule_id: int) -> dict[str, str]:
    """The terms as the database has them now."""
    related = ("customer", "product", "source", "action_type")
    return terms_in_words(PriceRule.objects.select_related(*related).prefetch_related("tiers").get(pk=rule_id))


def history_of(rule: PriceRule) -> DeedQuerySet:
    """The deeds on the rule and its other revisions, latest first."""
    lineage = PriceRule.objects.filter(Q(pk=rule.lineage) | Q(first_revision_id=rule.lineage))
    return Deed.objects.about_any(lineage)


def writers(rule: PriceRule) -> set[int]:
    """The ids of all users who drafted or edited the draft."""
    written = Deed.objects.on(rule).filter(verb__in=WRITTEN, person__isnull=False)
    return {*written.values_list("person", flat=True), *([rule.created_by_id] if rule.created_by_id else [])}


def authors(rule: PriceRule) -> set[int]:
    """The ids of all users who wrote a term that takes effect with the draft.

    The terms that a copy puts in force for another time, because it rolls back or starts earlier than its model, are
    also those of the people who wrote the model.
    """
    found, model = writers(rule), _model_of(rule)
    if model is not None and (model.pk != rule.revises_id or rule.wall_from < model.wall_from):
        found |= writers(model)
    return found


def _model_of(rule: PriceRule) -> PriceRule | None:
    """The revision that the draft copies."""
    deed = Deed.objects.on(rule).filter(verb__in=[RULE_REVISED.code, RULE_ROLLED_BACK.code]).last()
    named = [each.rpartition(":") for each in deed.objects_touched[1:]] if deed else []
    copied = [key for label, _, key in named if label == PriceRule._meta.label_lower]
    return PriceRule.objects.filter(pk=copied[0]).first() if copied else None
