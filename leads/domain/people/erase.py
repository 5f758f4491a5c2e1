"""Erase a person: asked for with a reason, carried out by a worker over every raw body, and written outside the database."""

import zlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Count, Max, Model, QuerySet

from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import Refused
from billing_engine.core.queues.attempt import Failure
from billing_engine.core.queues.passes import PassQueue
from leads.domain.mapping.webhooks import converter_at, door_of
from leads.domain.people.clear import clear_body, clear_leads, redact_body, redact_item, redact_leads
from leads.domain.people.find import items_of, leads_naming, leads_of, need_key
from leads.domain.people.ledger import write_down
from leads.domain.people.person import Person
from leads.domain.people.places import hold_of, places
from leads.domain.people.redact import Redactor
from leads.models import Delivery, Erasure, Lead

ERASURE_ASKED = Verb("erasure_asked", "Asked to erase a person's data")
ERASURE_DEFERRED = Verb("erasure_deferred", "Erasure deferred")
PERSON_ERASED = Verb("person_erased", "Person's data erased")
RETENTION_DONE = Verb("retention_done", "Data cleared because its time was over")
ERASURE_STOPPED = Verb("erasure_stopped", "Erasure stopped")
ERASURE_RESUMED = Verb("erasure_resumed", "Erasure resumed")
AT_A_TIME = 50
TRIED_AGAIN_AFTER = timedelta(days=7)
Kind = Erasure.Kind


class NoSuchPerson(Refused):
    """No valid email address or phone number."""

    code = "no_such_person"
    message = (
        "Enter an email address or a phone number with its country code (+1 …). A name alone can be several people."
    )


class ReasonNamesThePerson(Refused):
    """The reason stays on record."""

    code = "reason_names_the_person"
    message = "The reason stays on record, so don't name the person in it. A ticket number is enough."


class ReasonMissing(Refused):
    """An erasure says why."""

    code = "erasure_reason_missing"
    message = "Enter a reason, such as the number of the request."


class AlreadyAsked(Refused):
    """One erasure of a person at a time."""

    code = "erasure_already_asked"
    message = "This person is being erased already."


class NotRunning(Refused):
    """What is finished can't be stopped or resumed."""

    code = "erasure_not_running"
    message = "This erasure is finished, stopped or running already."


@transaction.atomic
def ask_erasure(person: Person, *, reason: str, by: User | None, at: datetime) -> Erasure:
    """Have a person erased, now or, while a dispute is open, once it is decided.

    Raises NoPseudonymKey, NoSuchPerson, ReasonMissing, ReasonNamesThePerson or AlreadyAsked.
    """
    need_key()
    if not person:
        raise NoSuchPerson
    leads = list(leads_of(person))
    whole = person.with_leads(leads)
    check_reason(reason, whole)
    if Erasure.objects.filter(finished_at=None, pseudonyms__overlap=whole.pseudonyms).exists():
        raise AlreadyAsked
    there = Delivery.objects.aggregate(n=Count("pk"), last=Max("pk"))
    erasure = Erasure(
        kind=Kind.PERSON,
        asked_at=at,
        asked_by=by,
        reason=reason.strip(),
        pseudonyms=whole.pseudonyms,
        person=whole.as_json(),
        total=there["n"],
        up_to=there["last"] or 0,
    )
    is_held = _hold(erasure, leads, at=at)
    erasure.save(force_insert=True)
    told = {"person": whole.pseudonyms, "leads": len(leads)}
    record(ERASURE_ASKED, on=erasure, by=by, reason=reason, after=told, also=leads)
    if is_held:
        _record_hold(erasure)
    else:
        ERASURES.ask(item_id=erasure.pk)
    return erasure


def check_reason(reason: str, person: Person) -> None:
    """Raise ReasonMissing or ReasonNamesThePerson."""
    if not reason.strip():
        raise ReasonMissing
    words = person.words()
    if words is not None and words.search(reason):
        raise ReasonNamesThePerson


@transaction.atomic
def stop_erasure(erasure: Erasure, *, by: User, at: datetime) -> None:
    """Stop after the current batch. Raises NotRunning."""
    if not Erasure.objects.filter(pk=erasure.pk, finished_at=None, stopped_at=None).update(stopped_at=at):
        raise NotRunning
    record(ERASURE_STOPPED, on=erasure, by=by)


@transaction.atomic
def resume_erasure(erasure: Erasure, *, by: User) -> None:
    """Go on where it was stopped. Raises NotRunning."""
    if not Erasure.objects.filter(pk=erasure.pk, finished_at=None, stopped_at__isnull=False).update(stopped_at=None):
        raise NotRunning
    record(ERASURE_RESUMED, on=erasure, by=by)
    ERASURES.ask(item_id=erasure.pk)


class Erasures(PassQueue[Erasure, Model]):
    """Passes over raw bodies, or over the leads whose time is over; the rest of a person follows at the end, at once."""

    task = "leads.erase"
    batch_size = AT_A_TIME

    def waiting(self) -> QuerySet[Erasure]:
        running = Erasure.objects.filter(finished_at=None, stopped_at=None, held_until=None)
        return running.select_related("source", "asked_by")

    def tidy(self, *, at: datetime) -> None:
        """Deferred erasures come back on their day."""
        with transaction.atomic():
            due = Erasure.objects.select_for_update(skip_locked=True).filter(
                finished_at=None, held_until__lte=at.date()
            )
            for erasure in due:
                leads = list(leads_of(Person.read(erasure.person)))
                if not _hold(erasure, leads, at=at):
                    erasure.held_until, erasure.held_because = None, ""
                erasure.save(update_fields=["held_until", "held_because"])

    def left_of(self, erasure: Erasure) -> QuerySet[Any]:
        model: Any = Lead if erasure.kind == Kind.CONTACTS else Delivery
        left: QuerySet[Any] = model.objects.filter(pk__gt=erasure.reached, pk__lte=erasure.up_to).order_by("pk")
        if erasure.kind == Kind.PERSON:
            return left.select_related("source")
        return left.filter(source=erasure.source, received_at__lt=erasure.before)

    def act(self, erasure: Erasure, things: Sequence[Any], /, *, at: datetime) -> Mapping[int, Failure]:
        with transaction.atomic():
            if erasure.kind == Kind.PERSON:
                _redact_bodies(erasure, things, at=at)
            elif erasure.kind == Kind.BODIES:
                for delivery in things:
                    clear_body(erasure, delivery, at=at)
                erasure.bodies += len(things)
            else:
                clear_leads(erasure, things)
                erasure.leads += len(things)
        _reach(erasure, things[-1], len(things))
        return {}

    def skip(self, erasure: Erasure, thing: Model, failure: Failure, /, *, at: datetime) -> None:
        erasure.failed += 1
        _reach(erasure, thing, 1)

    def finish(self, erasure: Erasure, *, at: datetime) -> None:
        if erasure.kind != Kind.PERSON:
            erasure.finished_at = at
            told = {name: getattr(erasure, name) for name in ("bodies", "leads", "failed") if getattr(erasure, name)}
            also = [erasure.source] if erasure.source else []
            record(RETENTION_DONE, on=erasure, by=None, reason=erasure.reason, after=told, also=also)
            return
        _erase_rows(erasure, at=at)


ERASURES = Erasures()


def _redact_bodies(erasure: Erasure, deliveries: Sequence[Delivery], *, at: datetime) -> None:
    """Redact the person in bodies; one in the archive is fetched only if its receipt or a row says that it may be there."""
    person = Person.read(erasure.person)
    leads = list(leads_of(person).only("source", "external_id", "delivery"))
    linked = _linked(person, leads)
    numbers = [each.pk for each in deliveries]
    locked = (
        Delivery.objects.select_for_update(of=("self",), no_key=True).select_related("source").filter(pk__in=numbers)
    )
    for delivery in locked.order_by("pk"):
        ids = {lead.external_id for lead in leads if lead.source_id == delivery.source_id}
        if not delivery.body and delivery.pk not in linked and not _is_answered(delivery, ids):
            continue
        redactor = Redactor(person, ids, converter_at(delivery.source, door=door_of(delivery)))
        erasure.bodies += redact_body(erasure, delivery, redactor, at=at)


def _linked(person: Person, leads: Sequence[Lead]) -> set[int]:
    items = items_of(person, list(leads)).values_list("delivery_id", flat=True)
    return {*(lead.delivery_id for lead in leads), *items}


def _is_answered(delivery: Delivery, ids: set[str]) -> bool:
    """Whether the receipt names one of these leads."""
    answer = zlib.decompress(delivery.answer).decode(errors="replace") if delivery.answer else ""
    return any(each in answer for each in ids)


def _erase_rows(erasure: Erasure, *, at: datetime) -> None:
    """The end: leads, quarantined items and what other parts hold, in one transaction with the entry outside."""
    person = Person.read(erasure.person)
    leads = list(leads_of(person).select_for_update(no_key=True).order_by("pk"))
    if _hold(erasure, leads, at=at):  # a dispute was opened meanwhile
        _record_hold(erasure)
        return
    whole = person.with_leads(leads)
    items = list(items_of(whole, leads).select_related("source", "delivery"))
    for item in items:
        ids = {lead.external_id for lead in leads if lead.source_id == item.source_id}
        stands_for = next(iter(whole.pseudonyms))
        redactor = Redactor(whole, ids, converter_at(item.source, door=door_of(item.delivery)), email=stands_for)
        redact_item(erasure, item, redactor)
    erasure.others += sum(place.erase(erasure, whole, [lead.pk for lead in leads]) for place in places())
    clear_leads(erasure, leads)
    naming = list(leads_naming(whole).select_for_update(of=("self",), no_key=True).order_by("pk"))
    if names := whole.contacts():
        redact_leads(erasure, naming, names)
    erasure.leads, erasure.items = len(leads) + len(naming), len(items)
    erasure.person, erasure.finished_at = {}, at
    redacted = erasure.redactions.filter(of="body").values_list("row", flat=True)
    also = [*leads, *naming, *items, *(Delivery(pk=pk) for pk in redacted)]
    counts = {name: getattr(erasure, name) for name in ("leads", "bodies", "items", "others", "failed")}
    told = {name: count for name, count in counts.items() if count}
    record(PERSON_ERASED, on=erasure, by=erasure.asked_by, reason=erasure.reason, after=told, also=also)
    write_down(erasure, at=at)


def _hold(erasure: Erasure, leads: Sequence[Lead], *, at: datetime) -> bool:
    """Defer the erasure if its data must stay for now; return whether it must."""
    hold = hold_of([lead.pk for lead in leads])
    if hold is None:
        return False
    erasure.held_until = max(hold.until, (at + TRIED_AGAIN_AFTER).date() if erasure.held_until else hold.until)
    erasure.held_until = max(erasure.held_until, (at + timedelta(days=1)).date())
    erasure.held_because = hold.because[:200]
    return True


def _record_hold(erasure: Erasure) -> None:
    told = {"until": erasure.held_until, "because": erasure.held_because}
    record(ERASURE_DEFERRED, on=erasure, by=None, after=told)


def _reach(erasure: Erasure, thing: Model, count: int) -> None:
    erasure.reached = int(thing.pk)
    erasure.done += count
    erasure.total = max(erasure.total, erasure.done)
