"""Finding a lead among millions: by its id or its beginning, by the person's e-mail address or its beginning, by phone."""

from django.db.models import Q

from leads.domain.identity import external_id, person_key, phone_key
from leads.models import Lead, Source


def leads_named(term: str) -> Q:
    """Every way in goes through an index: (source, external id) or the person."""
    term = external_id(term)
    if "@" in term:
        whole = person_key(term)
        return Q(person_key=whole) if whole else Q(person_key__startswith=term.lower())
    if phone := phone_key(term, "") if term.startswith("+") else "":
        return Q(person_key=phone)
    # Naming every source opens the index that begins with the source.
    of_any_source = Q(source__in=list(Source.objects.values_list("pk", flat=True)))
    exact = of_any_source & Q(external_id=term)
    return exact if Lead.objects.filter(exact).exists() else of_any_source & Q(external_id__startswith=term)
