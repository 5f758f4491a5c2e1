"""A rule on its page: its state as people see it, what activating it will do, and all its revisions."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import now

from leads.admin.shown import Colour, chip, instant, link
from pricing.domain.cautions import Caution, cautions_about
from pricing.domain.checks import checks_with
from pricing.domain.history import differences, history_of, terms_in_words
from pricing.domain.words import price_in_words, scope_in_words
from pricing.models import PriceRule, RuleChange

State = PriceRule.State
UTC_ZONE = ZoneInfo("UTC")
CHANGES_SHOWN = 50
COLOURS: dict[str, Colour] = {
    RuleChange.What.ACTIVATED: "green",
    RuleChange.What.DRAFTED: "orange",
    RuleChange.What.EDITED: "orange",
}


def is_draft(rule: PriceRule) -> bool:
    return rule.state == State.DRAFT


def is_active(rule: PriceRule) -> bool:
    return rule.state == State.ACTIVE


def may_be_rolled_back(rule: PriceRule) -> bool:
    """An earlier revision of a rule, or a rule that is over."""
    if is_draft(rule):
        return False
    return rule.state == State.RETIRED or _lineage(rule).filter(effective_from__gt=rule.effective_from).exists()


def zone_of(rule: PriceRule) -> ZoneInfo:
    """The customer's time zone, where the rule is of one customer."""
    return rule.customer.zone if rule.customer else UTC_ZONE


def state_in_words(rule: PriceRule, *, at: datetime) -> tuple[str, Colour]:
    """Its state as people see it: an active rule may still be to come, or over."""
    if not is_active(rule):
        return rule.get_state_display(), "orange" if is_draft(rule) else "plain"
    if rule.effective_from > at:
        return "Scheduled", "blue"
    return ("Ended", "plain") if rule.effective_to and rule.effective_to <= at else ("Active", "green")


def activation_in_words(rule: PriceRule) -> str:
    """What will happen."""
    since = f"{rule.effective_from.astimezone(zone_of(rule)):%Y-%m-%d %H:%M %Z}"
    scope = " · ".join(scope_in_words(rule)) or "everything"
    words = [f"From {since} it prices {scope}: {price_in_words(rule)}."]
    if rule.revises:
        words.append(f"«{rule.revises}», which it revises, ends there.")
    words.append(
        "Open periods are rated anew; closed ones never change. Afterwards it can be revised and retired, not edited."
    )
    failing = [result for result in checks_with(rule, at=now()) if not result.holds]
    words += [f"Price check «{result.check}» would fail: {result.found}." for result in failing]
    words += [f"Mind: {caution_in_words(caution)}" for caution in cautions_about(rule, at=now())]
    return "\n".join(words)


def caution_in_words(caution: Caution) -> str:
    """`It can never win …: «Stone samples».`"""
    names = ", ".join(f"«{rule}»" for rule in caution.rules)
    return f"{caution.words}: {names}." if names else f"{caution.words}."


def caution_with_links(caution: Caution) -> SafeString:
    """The same, each rule a link to its page."""
    if not caution.rules:
        return format_html("{}.", caution.words)
    links = format_html_join(", ", "«{}»", ((link(rule),) for rule in caution.rules))
    return format_html("{}: {}.", caution.words, links)


def revisions(rule: PriceRule) -> list[dict[str, Any]]:
    """All revisions of the rule, the latest first, if there are several; each with what it changed."""
    found = list(
        _lineage(rule)
        .select_related("customer", "product", "source", "action_type")
        .prefetch_related("tiers")
        .order_by("-effective_from", "-pk")
    )
    terms = {revision.pk: terms_in_words(revision) for revision in found}
    rows = [
        {
            "name": link(revision),
            "is_this": revision.pk == rule.pk,
            "state": chip(*state_in_words(revision, at=now())),
            "price": price_in_words(revision),
            "starts": instant(revision.effective_from, zone_of(revision)),
            "ends": instant(revision.effective_to, zone_of(revision)) if revision.effective_to else "no end",
            "changed": [
                each
                for each in differences(terms.get(revision.revises_id or 0, terms[revision.pk]), terms[revision.pk])
                if each[0] not in ("Begins", "Ends")
            ],
        }
        for revision in found
    ]
    return rows if len(rows) > 1 else []


def history(rule: PriceRule) -> list[dict[str, Any]]:
    """Who did what to the rule and its revisions, the latest first."""
    return [
        {
            "at": instant(change.at),
            "by": change.by,
            "what": chip(change.get_what_display(), COLOURS.get(change.what, "plain")),
            "rule": "" if change.rule_id == rule.pk else link(change.rule),
            "reason": change.reason,
            "differences": change.differences,
            "overridden": change.overridden,
        }
        for change in history_of(rule)[:CHANGES_SHOWN]
    ]


def _lineage(rule: PriceRule) -> QuerySet[PriceRule]:
    return PriceRule.objects.filter(Q(pk=rule.lineage) | Q(first_revision_id=rule.lineage))
