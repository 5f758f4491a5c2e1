"""Search leads and actions by ID, email address or phone number, or by their beginning.

Every condition uses an index, and the matches are passed on as IDs, so that no list has to join first.
"""

from collections.abc import Iterator

from django.db.models import Q

from billing_engine.core.errors import Refused
from leads.domain.identity import external_id, person_key, phone_key
from leads.models import Action, CustomerTerms, Lead, Source

AS_NUMBERS = 1_000  # with more matches, a list is filtered by the condition itself


class TooManyLeads(Refused):
    """Rows of leads can't be listed by the beginning of an ID or address that thousands of leads share."""

    code = "too_many_leads"


def leads_named(term: str, *, path: str = "pk", by_person: bool) -> Q:
    """Match rows by their lead at `path`; exact matches are preferred over prefixes.

    By its ID and, for people who may see contacts, by email address or phone number. Raises TooManyLeads.
    """
    term = external_id(term)
    whole, begun = _whole(term, by_person=by_person), _begun(term, by_person=by_person)
    for ways in (whole, begun):
        found = _numbers(Lead, ways)
        if len(found) > AS_NUMBERS and path == "pk":
            return _any(ways)
        if len(found) > AS_NUMBERS and ways is begun:
            raise TooManyLeads(f"More than {AS_NUMBERS:,} leads begin with “{term}”. Enter more of it.")
        if len(found) > AS_NUMBERS:
            return Q(**{f"{path}__in": Lead.objects.filter(_any(ways))})
        if found:
            return Q(**{f"{path}__in": found})
    return Q(pk__in=[])


def actions_named(term: str, *, path: str = "pk", by_person: bool) -> Q:
    """Match rows by the ID of their action at `path`, or by its lead."""
    term = external_id(term)
    own = [Q(external_id=term)]
    found = _numbers(Action, own)
    lead = "lead" if path == "pk" else f"{path}__lead"
    leads = leads_named(term, path=lead, by_person=by_person)
    if not found:
        return leads
    own_rows = found if len(found) <= AS_NUMBERS else Action.objects.filter(_any(own))
    return Q(**{f"{path}__in": own_rows}) | leads


def customers_named(term: str) -> Q:
    """Match customers by the beginning of their code or any part of their name."""
    printed = CustomerTerms.objects.filter(legal_name__icontains=term).values("customer")
    return Q(code__istartswith=term) | Q(name__icontains=term) | Q(pk__in=printed)


def first_leads(term: str, at_most: int, *, by_person: bool) -> list[Lead]:
    """Return the latest matching leads."""
    related = Lead.objects.select_related("product__customer")
    return list(related.filter(leads_named(term, by_person=by_person)).order_by("-pk")[:at_most])


def first_actions(term: str, at_most: int) -> list[Action]:
    """Return the latest actions with this ID."""
    numbers = _numbers(Action, [Q(external_id=external_id(term))])
    related = Action.objects.select_related("action_type", "lead", "period__customer")
    return list(related.filter(pk__in=numbers).order_by("-pk")[:at_most])


def _whole(term: str, *, by_person: bool) -> list[Q]:
    """Return separate conditions, because each has its own index."""
    if not by_person:
        return [_of_any_source() & Q(external_id=term)]
    if phone := phone_key(term, "") if term.startswith("+") else "":
        return [Q(person_key=phone)]
    person = person_key(term) if "@" in term else ""
    return [_of_any_source() & Q(external_id=term), *([Q(person_key=person)] if person else [])]


def _begun(term: str, *, by_person: bool) -> list[Q]:
    person = ~Q(person_key="") & Q(person_key__startswith=term.lower())
    return [_of_any_source() & Q(external_id__startswith=term), *([person] if by_person else [])]


def _of_any_source() -> Q:
    # Naming every source allows using the index that starts with the source.
    return Q(source__in=list(Source.objects.values_list("pk", flat=True)))


def _numbers(model: type[Lead] | type[Action], ways: list[Q]) -> list[int]:
    """Return the matching IDs, at most one more than are passed on."""
    found: dict[int, None] = {}
    for number in _each(model, ways):
        found[number] = None
        if len(found) > AS_NUMBERS:
            break
    return list(found)


def _each(model: type[Lead] | type[Action], ways: list[Q]) -> Iterator[int]:
    for way in ways:
        yield from model.objects.filter(way).order_by().values_list("pk", flat=True)[: AS_NUMBERS + 1]


def _any(ways: list[Q]) -> Q:
    asked = Q()
    for way in ways:
        asked |= way
    return asked
