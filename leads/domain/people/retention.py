"""Retention: each source says for how many days raw bodies and contact data are kept; every night clears what is older."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet

from billing_engine.core.counts import count_in_words
from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from leads.domain.people.erase import ERASURES
from leads.domain.pseudonyms import has_key
from leads.models import Delivery, Erasure, Lead, Redaction, Source

RETENTION_STARTED = Verb("retention_started", "Retention run started")
Kind = Erasure.Kind


@dataclass(frozen=True, slots=True)
class Due:
    """What a source's retention would clear now."""

    source: Source
    kind: str
    days: int
    before: datetime
    count: int
    last: int
    first: int = 0

    @property
    def in_words(self) -> str:
        one, many = ("raw body", "raw bodies") if self.kind == Kind.BODIES else ("lead", "leads")
        return f"{count_in_words(self.count)} {one if self.count == 1 else many}"


def retention_due(*, at: datetime) -> Iterator[Due]:
    """Yield what would be cleared now, by source and kind; sources without retention are left out."""
    for source in Source.objects.filter(Q(keep_bodies_days__gt=0) | Q(keep_contacts_days__gt=0)).order_by("name", "pk"):
        for kind, days in ((Kind.BODIES, source.keep_bodies_days), (Kind.CONTACTS, source.keep_contacts_days)):
            if days:
                yield _due(source, kind, days, at=at)


def _due(source: Source, kind: Erasure.Kind, days: int, *, at: datetime) -> Due:
    before = at - timedelta(days=days)
    found = _bodies(source, before) if kind == Kind.BODIES else _leads(source, before)
    sums = found.aggregate(n=Count("pk"), last=Max("pk"))
    return Due(source, kind, days, before, sums["n"], sums["last"] or 0)


def _bodies(source: Source, before: datetime) -> QuerySet[Delivery]:
    """Bodies that hold anything: those whose time was over before are cleared already."""
    cleared = Redaction.objects.filter(of="body", row=OuterRef("pk"), erasure__kind=Kind.BODIES)
    return Delivery.objects.filter(~Exists(cleared), source=source, received_at__lt=before)


def _leads(source: Source, before: datetime) -> QuerySet[Lead]:
    """Leads with contact data."""
    named = ~Q(name="") | ~Q(email="") | ~Q(phone="") | ~Q(firm="") | ~Q(consent={}) | ~Q(attributes={})
    return Lead.objects.filter(named, source=source, received_at__lt=before)


def start_retention(*, at: datetime) -> list[Erasure]:
    """Start a run for everything that is due; return the runs. Contact data waits until PSEUDONYM_KEY is set."""
    return [run for due in retention_due(at=at) if due.count and (run := _start(due, at=at))]


def _start(due: Due, *, at: datetime) -> Erasure | None:
    if due.kind == Kind.CONTACTS and not has_key():
        return None
    reason = f"{due.source} keeps {'raw bodies' if due.kind == Kind.BODIES else 'contact data'} for {due.days} days."
    try:
        with transaction.atomic():
            run = Erasure.objects.create(
                kind=due.kind,
                source=due.source,
                before=due.before,
                asked_at=at,
                reason=reason[:200],
                total=due.count,
                up_to=due.last,
            )
            record(RETENTION_STARTED, on=run, by=None, reason=reason, after={"rows": due.count}, also=[due.source])
    except IntegrityError:  # the last night's run is not finished
        return None
    ERASURES.ask(item_id=run.pk)
    return run
