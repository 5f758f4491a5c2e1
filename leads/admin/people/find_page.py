"""Find a person, export what is held, and erase it: one page, posted, so that nothing of the person is in an address."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.timezone import now

from billing_engine.core.access.pages import needs
from billing_engine.core.admin_kit.cells import address_of, instant, page_of
from billing_engine.core.admin_kit.dialogs import person as logged_in
from billing_engine.core.admin_kit.menu import Item, in_menu, page_at
from billing_engine.core.calendar.wording import day_in_words
from billing_engine.core.errors import Refused
from leads.admin.people.forms import FindForm, ReasonForm
from leads.domain.people.erase import ask_erasure
from leads.domain.people.export import as_file, as_text, export_person
from leads.domain.people.find import FIND_PERSON, Found, find_person, persons_named
from leads.domain.people.person import Person
from leads.models import Delivery

ERASE = "leads.add_erasure"
SHOWN_AT_MOST = 100
FORMATS = {"json": ("application/json", as_file), "text": ("text/plain; charset=utf-8", as_text)}


@needs(FIND_PERSON)
def people_page(request: HttpRequest) -> HttpResponse:
    """The form; once posted, what is held, a file with it, or the erasure."""
    form = FindForm(request.POST if request.method == "POST" else None)
    reason = ReasonForm(request.POST if request.POST.get("act") == "erase" else None)
    shown: dict[str, Any] = {}
    if request.method == "POST" and form.is_valid():
        try:
            if request.POST.get("act") in FORMATS:
                return _file(request, form)
            if request.POST.get("act") == "erase" and reason.is_valid():
                return _erased(request, form, reason.cleaned_data["reason"])
        except Refused as refusal:
            reason.add_error("reason", str(refusal)) if reason.is_bound else form.add_error(None, str(refusal))
        shown = _found(request, form)
    page = {
        **admin.site.each_context(request),
        "title": "Find a person",
        "form": form,
        "reason": reason,
        "may_erase": request.user.has_perm(ERASE),
        **shown,
    }
    response = TemplateResponse(request, "leads/people/find.html", page)
    response["Cache-Control"] = "no-store"
    return response


def _person(form: FindForm) -> Person:
    return Person.given(email=form.cleaned_data["email"], phone=form.cleaned_data["phone"])


def _file(request: HttpRequest, form: FindForm) -> HttpResponse:
    asked = request.POST["act"]
    kind, written = FORMATS[asked]
    exported = export_person(_person(form), by=logged_in(request), at=now())
    ending = "json" if asked == "json" else "txt"
    headers = {"Content-Disposition": f'attachment; filename="held-data.{ending}"', "Cache-Control": "no-store"}
    return HttpResponse(written(exported), content_type=kind, headers=headers)


def _erased(request: HttpRequest, form: FindForm, reason: str) -> HttpResponse:
    if not request.user.has_perm(ERASE):
        raise PermissionDenied
    erasure = ask_erasure(_person(form), reason=reason, by=logged_in(request), at=now())
    words = "Deferred. It comes back by itself." if erasure.held_until else "The workers erase the person's data now."
    messages.success(request, words)
    return HttpResponseRedirect(address_of(erasure))


def _found(request: HttpRequest, form: FindForm) -> dict[str, Any]:
    asked = form.cleaned_data
    try:
        found = find_person(email=asked["email"], phone=asked["phone"], name=asked["name"], by=logged_in(request))
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return {}
    if not found.person:
        return {"is_name_only": True, "persons": [_named(key, lead) for key, lead in persons_named(found.leads)]}
    return {
        "found": found,
        "also": sorted((found.person.phones | found.person.emails) - {asked["email"].strip(), asked["phone"].strip()}),
        "rows": list(_rows(found))[:SHOWN_AT_MOST],
        "more": max(0, len(list(_rows(found))) - SHOWN_AT_MOST),
        "clears": _clears(found),
        "held_until": day_in_words(found.hold.until) if found.hold else "",
    }


def _named(key: str, lead: Any) -> dict[str, Any]:
    """One of several people with a name, by what tells them apart."""
    is_email = "@" in key
    told = ", ".join(filter(None, (lead.name, lead.firm)))
    return {"email": key if is_email else "", "phone": "" if is_email else key, "key": key, "told": told}


def _rows(found: Found) -> Any:
    """What is held, row by row: what it is, where, and since when."""
    for lead in found.leads:
        told = f"{lead.product.customer.name} · {lead.product.name} · {lead.source.name}"
        yield "Lead", address_of(lead), lead.external_id, told, instant(lead.received_at)
    for delivery in Delivery.objects.filter(pk__in=found.deliveries).only("received_at", "name").order_by("pk"):
        address = page_of("leads.delivery", delivery.pk)
        yield "Raw body", address, str(delivery), delivery.name, instant(delivery.received_at)
    for item in found.items:
        yield (
            "Quarantined item",
            address_of(item),
            str(item),
            item.get_state_display(),
            instant(item.received_at),
        )
    for name, held in found.others:
        for each in held:
            yield name.capitalize(), each.address, each.name, "", ""


def _clears(found: Found) -> list[tuple[str, int]]:
    """How many rows of each kind an erasure clears; raw bodies are all looked through."""
    others = [(name.capitalize(), len(held)) for name, held in found.others]
    known = [
        ("Leads", len(found.leads)),
        ("Raw bodies", len(found.deliveries)),
        ("Quarantined items", len(found.items)),
    ]
    return [*known, *others]


page_at("leads/people/", people_page, name="leads_people")
in_menu("Leads", 40, Item("Find a person", "person_search", "admin:leads_people", FIND_PERSON))
