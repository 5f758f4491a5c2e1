"""Decide many disputes the same way; a dry run says first what happens to each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User

from billing_engine.core.errors import Refused
from receivables.domain.disputes.conversation import RELATED
from receivables.domain.disputes.deciding import decide, plan
from receivables.models import Dispute


@dataclass(frozen=True, slots=True)
class Planned:
    """What a decision would do to one dispute, or why it is refused."""

    dispute: Dispute
    does: str
    refused: str = ""


def dry_run(disputes: Sequence[Dispute], *, verdict: Dispute.State, words: str, by: User) -> list[Planned]:
    """Return what deciding each dispute does; nothing is written."""
    return [_planned(dispute, verdict, words, by) for dispute in _as_they_are_now(disputes)]


def decide_all(
    disputes: Sequence[Dispute], *, verdict: Dispute.State, words: str, by: User, at: datetime
) -> list[Planned]:
    """Decide each dispute by itself, and return what happened; a refused one stays as it is."""
    found = []
    for dispute in _as_they_are_now(disputes):
        planned = _planned(dispute, verdict, words, by)
        if not planned.refused:
            try:
                decide(dispute, accepted=None, verdict=verdict, words=words, by=by, at=at)
            except Refused as refusal:
                planned = Planned(dispute, "", str(refusal))
        found.append(planned)
    return found


def _as_they_are_now(disputes: Sequence[Dispute]) -> list[Dispute]:
    return list(Dispute.objects.select_related(*RELATED).filter(pk__in=[each.pk for each in disputes]).order_by("pk"))


def _planned(dispute: Dispute, verdict: Dispute.State, words: str, by: User) -> Planned:
    try:
        return Planned(dispute, plan(dispute, accepted=None, verdict=verdict, words=words, by=by).in_words)
    except Refused as refusal:
        return Planned(dispute, "", str(refusal))
