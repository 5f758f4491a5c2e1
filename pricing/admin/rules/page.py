"""A rule on its page: its displayed state, the effects of activating it, and all its revisions."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import now

from billing_engine.core.admin_kit.cells import Colour, chip, link
from billing_engine.core.calendar.wall_clock import in_words
from billing_engine.core.errors import Refused
from pricing.domain.rule_book.checks import checks_with
from pricing.domain.rule_book.history import differences, terms_in_words
from pricing.domain.rule_book.rules import check_may_be_changed
from pricing.domain.rule_book.warnings import DraftWarning, warnings_for
from pricing.domain.rule_wording import price_in_words, scope_in_words
from pricing.domain.scope.effective import Standing, Zones, standing, zones_of, zones_of_each
from pricing.domain.scope.fit import matches_in_words
from pricing.domain.scope.scopes import rivals
from pricing.models import PriceRule

State = PriceRule.State
STANDINGS: dict[Standing, tuple[str, Colour]] = {
    Standing.NEVER: ("Never in force", "plain"),
    Standing.TO_COME: ("Scheduled", "blue"),
    Standing.NOW: ("Active", "green"),
    Standing.OVER: ("Ended", "plain"),
}


def is_draft(rule: PriceRule) -> bool:
    return rule.state == State.DRAFT


def may_be_rolled_back(rule: PriceRule) -> bool:
    """An earlier revision of a rule, or a rule that has ended."""
    if is_draft(rule):
        return False
    return rule.state == State.RETIRED or _lineage(rule).filter(wall_from__gt=rule.wall_from).exists()


def may_be_changed(rule: PriceRule) -> bool:
    """Whether it can be revised and retired."""
    try:
        check_may_be_changed(rule)
    except Refused:
        return False
    return True


def state_in_words(rule: PriceRule, *, at: datetime, zones: Zones | None = None) -> tuple[str, Colour]:
    """Its displayed state: an active rule may still be to come, have ended, or never price anything.

    `zones` are those of its customers, if already known.
    """
    if rule.state != State.ACTIVE:
        return rule.get_state_display(), "orange" if is_draft(rule) else "plain"
    return STANDINGS[standing(rule, at=at, zones=zones_of(rule) if zones is None else zones)]


def activation_in_words(rule: PriceRule) -> str:
    """What will happen on activation."""
    words = ["".join(part.words for part in sentence_of(rule))]
    if rule.revises:
        words.append(f"“{rule.revises}”, which it revises, ends at that time.")
    words.append(
        "Open periods are rated again. Closed ones never change. Once active, the rule can be revised or retired, but not edited."
    )
    warnings, matches = warnings_for(rule, at=now()), matches_in_words(rule, at=now())
    words += [] if matches in [warning.sentence for warning in warnings] else [matches]
    results = checks_with(rule, at=now())
    words += [f"Price check “{result.check}” would fail: {result.found}." for result in results if result.is_broken]
    already = [f"“{result.check}”" for result in results if result.failed_before and not result.holds]
    if already:
        words.append(f"Price checks that also fail without this draft, so they don't block it: {', '.join(already)}.")
    words += [f"Warning: {warning_in_words(warning)}" for warning in warnings]
    return "\n".join(words)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a rule's sentence; it is marked where a revision differs from what it revises."""

    words: str
    differs: bool = False


def sentence_of(rule: PriceRule) -> list[Part]:
    """`From December 1, 2026, in America/New_York, it prices Acme Tile · Sample order: $2.50 each.`, in parts."""

    def said(each: PriceRule) -> list[str]:
        return [time_in_words(each), " · ".join(scope_in_words(each)) or "everything", price_in_words(each)]

    parts = said(rule)
    before = said(rule.revises) if rule.revises else parts
    when, scope, price = (Part(words, words != was) for words, was in zip(parts, before, strict=True))
    return [Part("From "), when, Part(", it prices "), scope, Part(": "), price, Part(".")]


def time_in_words(rule: PriceRule) -> str:
    """`November 1, 2026, in America/New_York`: the start with its time zone."""
    owner = rule.customer or (rule.product.customer if rule.product else None)
    return f"{in_words(rule.wall_from)}, in {owner.time_zone if owner else 'each customer’s time zone'}"


def warning_in_words(warning: DraftWarning) -> str:
    """`It can never win …: “Stone samples”.`"""
    names = ", ".join(f"“{rule}”" for rule in warning.rules)
    return f"{warning.words}: {names}." if names else warning.sentence


def warning_with_links(warning: DraftWarning) -> SafeString:
    """The same, with each rule linked to its page."""
    if not warning.rules:
        return format_html("{}", warning.sentence)
    links = format_html_join(", ", "“{}”", ((link(rule),) for rule in warning.rules))
    return format_html("{}: {}.", warning.words, links)


def revisions(rule: PriceRule) -> list[dict[str, Any]]:
    """All revisions of the rule with their changes, latest first, if there are several."""
    found = list(
        _lineage(rule)
        .select_related("customer", "product__customer", "source", "action_type")
        .prefetch_related("tiers")
        .order_by("-wall_from", "-pk")
    )
    terms, zones = {revision.pk: terms_in_words(revision) for revision in found}, zones_of_each(found)
    rows = [
        {
            "name": link(revision),
            "is_this": revision.pk == rule.pk,
            "state": chip(*state_in_words(revision, at=now(), zones=zones[revision.pk])),
            "price": price_in_words(revision),
            "starts": in_words(revision.wall_from),
            "ends": in_words(revision.wall_to) if revision.wall_to else "no end",
            "changed": [
                each
                for each in differences(terms.get(revision.revises_id or 0, terms[revision.pk]), terms[revision.pk])
                if each[0] not in ("Begins", "Ends")
            ],
        }
        for revision in found
    ]
    return rows if len(rows) > 1 else []


def rivals_of(draft: PriceRule) -> list[dict[str, Any]]:
    """The other drafts that revise the same rule."""
    return [
        {"link": link(other), "begins": in_words(other.wall_from), "by": other.created_by} for other in rivals(draft)
    ]


def _lineage(rule: PriceRule) -> QuerySet[PriceRule]:
    return PriceRule.objects.filter(Q(pk=rule.lineage) | Q(first_revision_id=rule.lineage))
