"""What the editor asks the server while a person types: a preview, and a proposal for the pasted columns."""

import json
from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.template.loader import render_to_string
from django.utils.timezone import now

from billing_engine.core.errors import Refused
from billing_engine.core.validation import key_of
from leads.domain.body.parcel import Placed
from leads.domain.hooks.take import sample_records
from leads.domain.mapping.proposals import proposed
from leads.domain.mapping.sample import read_sample
from leads.models import Source
from leads.queries.mapping_preview import Preview, as_text, preview

VALUE = 80  # characters
PLACES = 200


def previewed(request: HttpRequest) -> JsonResponse:
    """Return what the unsaved document does with the sample: per field, as leads, and the places to click."""
    try:
        door = request.POST.get("door", "")
        records = sample_records(door, read_sample(request.POST.get("sample", "")), at=now())
        document = json.loads(request.POST.get("document", "") or "{}")
    except Refused as refusal:
        return JsonResponse({"fault": str(refusal), "result": "", "places": "", "fields": {}, "mistakes": []})
    except ValueError:
        return JsonResponse({"fault": "The mapping can't be read."}, status=400)
    pk = key_of(request.POST.get("source", ""))
    source = Source.objects.filter(pk=pk).first() if pk is not None else None
    found = preview(document, records, source=source, at=now(), door=door)
    return JsonResponse(
        {
            "fault": "",
            "mistakes": [{"pointer": one.pointer, "words": one.words} for one in found.mistakes],
            "fields": _fields(found),
            "result": render_to_string("leads/mapping_result.html", _shown(found, has_source=source is not None)),
            "places": render_to_string("leads/mapping_places.html", {"places": _places(records)}),
        }
    )


def proposal(request: HttpRequest) -> JsonResponse:
    """Return a document to start from, by the names of the columns."""
    try:
        records = sample_records(request.POST.get("door", ""), read_sample(request.POST.get("sample", "")), at=now())
    except Refused as refusal:
        return JsonResponse({"fault": str(refusal)})
    found = [record.item for record in records if isinstance(record.item, dict)]
    if not found:
        return JsonResponse({"fault": "Paste a record first: a header with its rows, or JSON."})
    made = proposed(found)
    return JsonResponse({"fault": "", "document": made.document, "questions": made.questions})


def _fields(found: Preview) -> dict[str, Any]:
    told = {
        one.pointer: {"told": f"found in {one.found:,} of {one.of:,}" if one.of else "", "never": one.is_never_there}
        for one in found.found
    }
    for pointer, value in found.finds.items():
        told.setdefault(pointer, {"told": "", "never": False})["value"] = _short(value)
    return told


def _shown(found: Preview, *, has_source: bool) -> dict[str, Any]:
    leads = [
        {
            "place": lead.place,
            "text": as_text(lead.content),
            "faults": lead.faults,
            "is_lead": lead.is_lead,
            "is_known": lead.is_known,
            "is_other": lead.is_other,
        }
        for lead in found.shown
    ]
    stored = len(found.leads) - found.refused - sum(lead.is_other for lead in found.leads)
    return {
        "preview": found,
        "leads": leads,
        "stored": stored,
        "others": sum(lead.is_other for lead in found.leads),
        "more": len(found.leads) - len(leads),
        "has_source": has_source,
    }


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else as_text(value)
    text = " ".join(text.split())
    return text if len(text) <= VALUE else text[: VALUE - 1] + "…"


def _places(records: list[Placed]) -> list[dict[str, Any]]:
    """Return the places of the first record with their values, to be picked by a click."""
    first = next((record.item for record in records if isinstance(record.item, dict)), {})
    places = [
        {"steps": json.dumps(steps), "name": _name(steps), "depth": len(steps) - 1, "value": value}
        for steps, value in _walk(first, [])
    ]
    return places[:PLACES]


def _walk(value: Any, steps: list[str | int]) -> Iterator[tuple[list[str | int], str]]:
    parts: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, part in parts:
        here = [*steps, step]
        kind = "object" if isinstance(part, dict) else f"list of {len(part)}" if isinstance(part, list) else ""
        yield here, kind or _short("" if part is None else part)
        yield from _walk(part, here)


def _name(steps: list[str | int]) -> str:
    return f"[{steps[-1]}]" if isinstance(steps[-1], int) else steps[-1]
