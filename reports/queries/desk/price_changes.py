"""Prices about to change: rules that start later, and drafts that would."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, Q

from billing_engine.core.models import ApprovalRequest
from billing_engine.core.models.deed import reference
from pricing.models import PriceRule

AHEAD = timedelta(hours=14)  # in the first time zone, a wall-clock time is reached this long before UTC shows it
MOST = 8
State = PriceRule.State


@dataclass(frozen=True, slots=True)
class PriceChange:
    """A rule that is to start, what it replaces, and the last request for its approval."""

    rule: PriceRule
    replaces: PriceRule | None
    request: ApprovalRequest | None


def price_changes(at: datetime) -> tuple[list[PriceChange], int]:
    """Return the next changes, first things first, and how many there are in all."""
    wall = at.replace(tzinfo=None)
    starts = Q(wall_from__gt=wall - AHEAD) & ~Q(wall_to=F("wall_from"))
    found = PriceRule.objects.filter(starts, state__in=(State.ACTIVE, State.DRAFT))
    rules = list(
        found.select_related("customer", "product__customer", "revises")
        .prefetch_related("tiers", "revises__tiers")
        .order_by("wall_from", "pk")[:MOST]
    )
    requests = _latest_requests(rules)
    return [PriceChange(rule, rule.revises, requests.get(reference(rule))) for rule in rules], found.count()


def _latest_requests(rules: Iterable[PriceRule]) -> dict[str, ApprovalRequest]:
    """Return the last request about each rule."""
    subjects = [reference(rule) for rule in rules]
    return {request.subject: request for request in ApprovalRequest.objects.filter(subject__in=subjects).order_by("pk")}
