"""Finding a lead or an action among millions: by its id, by the person's email address or phone number, or by how these
begin. Every way in goes through an index, and what is found is handed on as numbers, so that no list joins first."""

from collections.abc import Iterator

from django.db.models import Q

from leads.domain.identity import external_id, person_key, phone_key
from leads.models import Action, Lead, Source

AS_NUMBERS = 1_000  # beyond it a list is asked by the condition itself


def leads_named(term: str, *, path: str = "pk") -> Q:
    """Rows whose lead, at `path`, is named so; an id or address that is whole is preferred to one that only begins so."""
    term = external_id(term)
    for ways in (_whole(term), _begun(term)):
        found = _numbers(Lead, ways)
        if len(found) > AS_NUMBERS:
            return _any(ways) if path == "pk" else Q(**{f"{path}__in": Lead.objects.filter(_any(ways))})
        if found:
            return Q(**{f"{path}__in": found})
    return Q(pk__in=[])


def actions_named(term: str, *, path: str = "pk") -> Q:
    """Rows whose action, at `path`, has this id, or belongs to a lead that is named so."""
    term = external_id(term)
    own = [Q(external_id=term)]
    found = _numbers(Action, own)
    lead = "lead" if path == "pk" else f"{path}__lead"
    leads = leads_named(term, path=lead)
    if not found:
        return leads
    own_rows = found if len(found) <= AS_NUMBERS else Action.objects.filter(_any(own))
    return Q(**{f"{path}__in": own_rows}) | leads


def first_leads(term: str, at_most: int) -> list[Lead]:
    """Some leads that are named so, the latest first."""
    related = Lead.objects.select_related("product__customer")
    return list(related.filter(leads_named(term)).order_by("-pk")[:at_most])


def first_actions(term: str, at_most: int) -> list[Action]:
    """Some actions with this id, the latest first."""
    numbers = _numbers(Action, [Q(external_id=external_id(term))])
    related = Action.objects.select_related("action_type", "lead", "period__customer")
    return list(related.filter(pk__in=numbers).order_by("-pk")[:at_most])


def _whole(term: str) -> list[Q]:
    """Each condition by itself, since each has an index of its own."""
    if phone := phone_key(term, "") if term.startswith("+") else "":
        return [Q(person_key=phone)]
    person = person_key(term) if "@" in term else ""
    return [_of_any_source() & Q(external_id=term), *([Q(person_key=person)] if person else [])]


def _begun(term: str) -> list[Q]:
    return [
        _of_any_source() & Q(external_id__startswith=term),
        ~Q(person_key="") & Q(person_key__startswith=term.lower()),
    ]


def _of_any_source() -> Q:
    # Naming every source opens the index that begins with the source.
    return Q(source__in=list(Source.objects.values_list("pk", flat=True)))


def _numbers(model: type[Lead] | type[Action], ways: list[Q]) -> list[int]:
    """The numbers of what is found, of very much one more than is handed on."""
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
