"""Find what is held of a person, in every table that may hold it. Each search is on record."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import reduce
from operator import or_

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast

from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import Refused
from leads.domain.people.person import Person
from leads.domain.people.places import Held, Hold, hold_of, places
from leads.domain.pseudonyms import has_key
from leads.models import Action, Delivery, Lead, QuarantinedItem

PERSON_LOOKED_UP = Verb("person_looked_up", "Looked up a person's data")
FIND_PERSON = "leads.find_person"
LEADS_AT_MOST = 1_000
SHOWN_AT_MOST = 100
SHORTEST_NAME = 3


class NothingToLookFor(Refused):
    """Neither an email address nor a phone number nor a name."""

    code = "nothing_to_look_for"
    message = "Enter an email address, a phone number with its country code (+1 …), or a name."


class NoPseudonymKey(Refused):
    """Without a key, nothing can stand for an erased person."""

    code = "no_pseudonym_key"
    message = "Set PSEUDONYM_KEY first: without it, nothing could stand for the person, and rules that charge once would forget."


@dataclass(frozen=True, slots=True)
class Found:
    """What is held of a person."""

    person: Person
    leads: list[Lead] = field(default_factory=list)
    actions: int = 0
    deliveries: list[int] = field(default_factory=list)
    items: list[QuarantinedItem] = field(default_factory=list)
    others: list[tuple[str, list[Held]]] = field(default_factory=list)
    hold: Hold | None = None

    @property
    def is_nothing(self) -> bool:
        return not (self.leads or self.items or any(held for _, held in self.others))


def need_key() -> None:
    """Raise NoPseudonymKey unless persons can have pseudonyms here."""
    if not has_key():
        raise NoPseudonymKey


@transaction.atomic
def find_person(*, email: str, phone: str, name: str, by: User) -> Found:
    """Return what is held of the person with this email address or phone number, or of everyone with this name.

    Raises NothingToLookFor. The deed says who looked and by what kind of thing, but not for whom, unless by pseudonym.
    """
    person = Person.given(email=email, phone=phone)
    by_name = " ".join(name.split())
    if not person and len(by_name) < SHORTEST_NAME:
        raise NothingToLookFor
    found = found_of(person) if person else Found(person, leads=_named(by_name))
    told = {"person": person.pseudonyms} if person and has_key() else {}
    asked = [kind for kind, given in (("email", email), ("phone", phone), ("name", name)) if given.strip()]
    record(PERSON_LOOKED_UP, on=by, by=by, after={"by": asked, "leads": len(found.leads), **told})
    return found


def found_of(person: Person) -> Found:
    """Return what is held of a person, with every spelling that its leads hold."""
    leads = list(leads_of(person).select_related("source", "product__customer").order_by("pk")[:LEADS_AT_MOST])
    whole = person.with_leads(leads)
    numbers = [lead.pk for lead in leads]
    items = list(items_of(whole, leads).select_related("source").order_by("pk")[:LEADS_AT_MOST])
    return Found(
        person=whole,
        leads=leads,
        actions=Action.objects.filter(lead__in=numbers).count(),
        deliveries=deliveries_of(leads, items),
        items=items,
        others=[(place.name, list(place.held(whole, numbers))) for place in places()],
        hold=hold_of(numbers),
    )


def leads_of(person: Person) -> QuerySet[Lead]:
    """The leads of a person, also those whose contact data was erased before."""
    return Lead.objects.filter(person_key__in=person.all_keys).exclude(person_key="")


def items_of(person: Person, leads: list[Lead]) -> QuerySet[QuarantinedItem]:
    """The quarantined items that are about the person's leads, or name the person."""
    about = [Q(source=lead.source_id, lead_external_id=lead.external_id) for lead in leads]
    named = person.in_column("as_text", "message", "settled_note")
    items = QuarantinedItem.objects.annotate(as_text=Cast("content", TextField()))
    return items.filter(reduce(or_, about, named))


def leads_naming(person: Person) -> QuerySet[Lead]:
    """The leads that name the person though they are not the person's: in attributes, in consent, or as another's contact."""
    texts = {f"{name}_text": Cast(name, TextField()) for name in ("attributes", "consent")}
    named = person.in_column("name", "email", "phone", "firm", *texts)
    of_actions = person.in_column("text")
    actions = Action.objects.exclude(attributes={}).annotate(text=Cast("attributes", TextField())).filter(of_actions)
    others = Lead.objects.annotate(**texts).filter(named | Q(pk__in=actions.values("lead")))
    return others.exclude(person_key__in=person.all_keys)


def deliveries_of(leads: list[Lead], items: list[QuarantinedItem]) -> list[int]:
    """The deliveries that leads, their actions and quarantined items came with."""
    of_actions = Action.objects.filter(lead__in=[lead.pk for lead in leads]).values_list("delivery_id", flat=True)
    found = {*(lead.delivery_id for lead in leads), *of_actions, *(item.delivery_id for item in items)}
    return list(Delivery.objects.filter(pk__in=found).order_by("pk").values_list("pk", flat=True))


def persons_named(leads: list[Lead]) -> Iterator[tuple[str, Lead]]:
    """Yield each person among leads once, by key, with one of its leads; leads without one are left out."""
    seen = set[str]()
    for lead in leads:
        if lead.person_key and lead.person_key not in seen:
            seen.add(lead.person_key)
            yield lead.person_key, lead


def _named(name: str) -> list[Lead]:
    """The latest leads with this name; a table is read for it, so only people who may find persons ask."""
    found = Lead.objects.filter(name__icontains=name).select_related("source", "product__customer")
    return list(found.order_by("-pk")[:SHOWN_AT_MOST])
