"""The history of a price rule: who did what when, and how its terms changed."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet

from billing_engine.core.calendar.wall_clock import in_words
from billing_engine.core.deeds.record import record as record_deed
from billing_engine.core.deeds.verbs import Verb
from leads.models import Channel
from pricing.domain.rule_wording import limits_in_words, model_in_words
from pricing.models import PriceRule, RuleChange

Difference = tuple[str, str, str]  # field, before, after
Terms = Mapping[str, str]

RULE_DRAFTED = Verb("rule_drafted", "Drafted")
RULE_EDITED = Verb("rule_edited", "Edited")
RULE_ACTIVATED = Verb("rule_activated", "Activated")
RULE_RETIRED = Verb("rule_retired", "Retired")
WROTE_TERMS = frozenset({RULE_DRAFTED.code, RULE_EDITED.code})
# A rule that its revision ends is part of the activation: that deed names both.
VERBS = {
    RuleChange.What.DRAFTED: RULE_DRAFTED,
    RuleChange.What.EDITED: RULE_EDITED,
    RuleChange.What.ACTIVATED: RULE_ACTIVATED,
    RuleChange.What.RETIRED: RULE_RETIRED,
}

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


def record(
    rule: PriceRule,
    what: RuleChange.What,
    *,
    by: User | None,
    at: datetime,
    changed: Sequence[Difference] = (),
    reason: str = "",
    overridden: Sequence[str] = (),
    also: Iterable[PriceRule] = (),
) -> RuleChange:
    """Record what was done, and why; `also` are the other rules it touched, such as the one that a draft copies."""
    if verb := VERBS.get(what):
        before, after = {name: old for name, old, _ in changed}, {name: new for name, _, new in changed}
        checks = {"Price checks overridden": list(overridden)} if overridden else {}
        record_deed(verb, on=rule, by=by, reason=reason, before=before, after=after | checks, also=also)
    return RuleChange.objects.create(
        rule=rule,
        what=what,
        by=by,
        at=at,
        reason=reason.strip(),
        differences=[list(one) for one in changed],
        overridden=list(overridden),
    )


def record_saved(rule: PriceRule, *, before: Terms | None, by: User, at: datetime) -> RuleChange | None:
    """Record that a draft was saved; `before` are its earlier terms, None if it is new. No change, no record."""
    if before is None:
        return record(rule, RuleChange.What.DRAFTED, by=by, at=at)
    changed = differences(before, terms_in_words(rule))
    return record(rule, RuleChange.What.EDITED, by=by, at=at, changed=changed) if changed else None


def stored_terms(rule_id: int) -> dict[str, str]:
    """The terms as the database has them now."""
    related = ("customer", "product", "source", "action_type")
    return terms_in_words(PriceRule.objects.select_related(*related).prefetch_related("tiers").get(pk=rule_id))


def history_of(rule: PriceRule) -> QuerySet[RuleChange]:
    """The history of the rule and its other revisions, latest first."""
    lineage = Q(rule_id=rule.lineage) | Q(rule__first_revision_id=rule.lineage)
    return RuleChange.objects.filter(lineage).select_related("rule", "by").order_by("-at", "-pk")
