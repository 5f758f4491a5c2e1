"""Read receipts again, with the current state of their quarantined items."""

import zlib
from typing import Any

import msgspec
from django.db.models import Prefetch

from leads.domain.identity import external_id
from leads.domain.intake.receipt import Receipt
from leads.models import Delivery, QuarantinedItem, QuarantineStep, Source
from leads.queries.corrections import changes_as_data

REFUSALS_OF_A_LEAD = 1_000
REPAIRED = QuarantineStep.Kind.REPAIRED
BY_REPAIR = Prefetch("steps", QuarantineStep.objects.filter(kind=REPAIRED))


def receipt_of(source: Source, number: int) -> dict[str, Any] | None:
    """Return a receipt with the current state of its quarantined items; None if the source has no such receipt."""
    delivery = Delivery.objects.defer("body").filter(source=source, pk=number).first()
    if delivery is None:
        return None
    answer: dict[str, Any] = msgspec.json.decode(zlib.decompress(delivery.answer)) if delivery.answer else {}
    _add_settled(source, _results(answer))
    envelope = {"received_at": delivery.received_at, "batch_id": delivery.batch_id, "sent_at": delivery.sent_at}
    named = {"receipt": number} | ({"test": True} if delivery.is_test else {})
    return {**named, **envelope, "counts": _counts(delivery), "results": answer.get("results", [])}


def refused_items(delivery: Delivery) -> list[int]:
    """Return the IDs of the quarantined items in a receipt, including those that were already waiting."""
    answer = msgspec.json.decode(zlib.decompress(delivery.answer)) if delivery.answer else {}
    return sorted(_numbers(_results(answer)))


def _results(answer: dict[str, Any]) -> list[dict[str, Any]]:
    return [result for lead in answer.get("results", []) for result in (lead, *lead.get("actions", []))]


def _numbers(results: list[dict[str, Any]]) -> set[int]:
    return {result["quarantined_item"] for result in results if "quarantined_item" in result}


def _add_settled(source: Source, results: list[dict[str, Any]]) -> None:
    """Add the current state to each quarantined item."""
    numbers = _numbers(results)
    items = QuarantinedItem.objects.defer("content").prefetch_related(BY_REPAIR).in_bulk(numbers) if numbers else {}
    for result in results:
        item = items.get(result.get("quarantined_item", 0))
        if item and item.source_id == source.pk:
            result["settled"] = settled(item)


def settled(item: QuarantinedItem) -> dict[str, Any]:
    """Return the state of a quarantined item: waiting, repaired or discarded, when and why, and what a person changed."""
    changes = [changes_as_data(step.changed) for step in item.steps.all() if step.kind == REPAIRED]
    return {
        "state": item.state,
        "settled_at": item.settled_at,
        "note": item.settled_note,
        "changes": changes[-1] if changes else [],
    }


def _counts(delivery: Delivery) -> dict[str, int]:
    return {name: getattr(delivery, name) for name in Receipt(delivery.pk, []).counts()}


def refusals_of(source: Source, *, lead: str, action: str) -> list[QuarantinedItem]:
    """Return each time an action was refused, by itself or with its lead, latest first; by the source's IDs."""
    of_lead = QuarantinedItem.objects.filter(source=source, lead_external_id=lead)
    items = of_lead.prefetch_related(BY_REPAIR).order_by("-pk")
    return [item for item in items[:REFUSALS_OF_A_LEAD] if _names(item.content, action)]


def _names(content: Any, action: str) -> bool:
    actions = content.get("actions") if isinstance(content, dict) else None
    return any(
        isinstance(each, dict) and isinstance(each.get("id"), str | int) and external_id(each["id"]) == action
        for each in (actions if isinstance(actions, list) else ())
    )
