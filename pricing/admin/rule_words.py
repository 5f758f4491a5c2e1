"""A rule on its page: its state as people see it, what activating it will do, and all its revisions."""

from datetime import UTC, datetime, tzinfo
from typing import Any

from django.db.models import Q
from django.utils.timezone import now

from leads.admin.shown import Colour, chip, instant, link
from pricing.domain.words import price_in_words, scope_in_words
from pricing.models import PriceRule

State = PriceRule.State


def is_draft(rule: PriceRule) -> bool:
    return rule.state == State.DRAFT


def is_active(rule: PriceRule) -> bool:
    return rule.state == State.ACTIVE


def zone_of(rule: PriceRule) -> tzinfo:
    """The customer's time zone, where the rule is of one customer."""
    return rule.customer.zone if rule.customer else UTC


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
    return "\n".join(words)


def revisions(rule: PriceRule) -> list[dict[str, Any]]:
    """All revisions of the rule, the latest first, if there are several."""
    found = (
        PriceRule.objects.filter(Q(pk=rule.lineage) | Q(first_revision_id=rule.lineage))
        .select_related("customer")
        .prefetch_related("tiers")
        .order_by("-effective_from", "-pk")
    )
    rows = [
        {
            "name": link(revision),
            "is_this": revision.pk == rule.pk,
            "state": chip(*state_in_words(revision, at=now())),
            "price": price_in_words(revision),
            "starts": instant(revision.effective_from, zone_of(revision)),
            "ends": instant(revision.effective_to, zone_of(revision)) if revision.effective_to else "no end",
        }
        for revision in found
    ]
    return rows if len(rows) > 1 else []
