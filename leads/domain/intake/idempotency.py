"""Answers are kept: the same idempotency key gets the same one, and a receipt can be asked for again."""

import zlib
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from django.db import connection, transaction

from billing_engine.core import log_context
from billing_engine.core.errors import Refused
from leads.domain import limits
from leads.domain.identity import external_id
from leads.domain.intake.receipt import Receipt
from leads.domain.intake.receive import digest, opened, receive_parcel
from leads.models import Delivery, QuarantinedItem, Source

KEY_CHARACTERS = 200
REFUSALS_OF_A_LEAD = 1_000

# Who comes second with a key waits until the first has committed, and then finds its answer; or gives up, and is told to
# come again. Released with the transaction, however that ends.
LOCK = """
    SELECT set_config('lock_timeout', %s, true),
           pg_advisory_xact_lock(hashtextextended('idempotency key ' || %s || ' ' || %s, 0))
"""


class IdempotencyKeyInvalid(Refused):
    """No key that could be kept."""

    code = "idempotency_key_invalid"
    http_status = 400
    message = (
        f"An Idempotency-Key has from 1 to {KEY_CHARACTERS} characters of ASCII, none of them a control character."
    )


class IdempotencyKeyReused(Refused):
    """The key belongs to another body."""

    code = "idempotency_key_reused"
    message = "This Idempotency-Key came before with another body: use a new key for a new body."


class Answer(NamedTuple):
    """What a source is answered, as JSON, and whether it was answered so before."""

    receipt: int
    content: bytes
    is_repeated: bool = False


def receive_once(
    source: Source, *, body: bytes, content_type: str, received_at: datetime, idempotency_key: str | None = None
) -> Answer:
    """Receive a request, or answer what the same key was answered before; raises what refuses it as a whole.

    When this returns, everything is committed. Only what is stored uses its key up: a refused request may be mended and
    sent under the same one. Keys are kept as long as their deliveries, which is for ever.
    """
    if idempotency_key is not None:
        _check(idempotency_key)
    parcel = opened(body, content_type)
    if idempotency_key is None:
        receipt = receive_parcel(source, parcel, body=body, content_type=content_type, received_at=received_at)
        return Answer(receipt.delivery_id, receipt.as_bytes)
    with transaction.atomic():
        answered = _answered(source, idempotency_key, body)
        if answered:
            return answered
        receipt = receive_parcel(
            source,
            parcel,
            body=body,
            content_type=content_type,
            received_at=received_at,
            idempotency_key=idempotency_key,
        )
    return Answer(receipt.delivery_id, receipt.as_bytes)


def receipt_again(source: Source, number: int) -> dict[str, Any] | None:
    """A receipt as it was answered, with what has become of its quarantined items since; None where the source has none."""
    delivery = Delivery.objects.defer("body").filter(source=source, pk=number).first()
    if delivery is None:
        return None
    answer: dict[str, Any] = msgspec.json.decode(zlib.decompress(delivery.answer)) if delivery.answer else {}
    _tell_settled(source, _results(answer))
    envelope = {"received_at": delivery.received_at, "batch_id": delivery.batch_id, "sent_at": delivery.sent_at}
    return {"receipt": number, **envelope, "counts": _counts(delivery), "results": answer.get("results", [])}


def refused_in(delivery: Delivery) -> list[int]:
    """The numbers of the quarantined items that a delivery was answered, also of those that waited already."""
    answer = msgspec.json.decode(zlib.decompress(delivery.answer)) if delivery.answer else {}
    return sorted(_numbers(_results(answer)))


def _results(answer: dict[str, Any]) -> list[dict[str, Any]]:
    return [result for lead in answer.get("results", []) for result in (lead, *lead.get("actions", []))]


def _numbers(results: list[dict[str, Any]]) -> set[int]:
    return {result["quarantined_item"] for result in results if "quarantined_item" in result}


def _check(key: str) -> None:
    if not (0 < len(key) <= KEY_CHARACTERS and key.isascii() and key.isprintable()):
        raise IdempotencyKeyInvalid


def _answered(source: Source, key: str, body: bytes) -> Answer | None:
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [f"{limits.WAITING_SECONDS * 1000:.0f}", str(source.pk), key])
    found = Delivery.objects.filter(source=source, idempotency_key=key).values_list("pk", "body_sha256", "answer")
    for receipt, body_sha256, answer in found:
        if body_sha256 != digest(body):
            raise IdempotencyKeyReused
        log_context.follow(delivery=receipt)
        return Answer(receipt, zlib.decompress(answer), is_repeated=True)
    return None


def _tell_settled(source: Source, results: list[dict[str, Any]]) -> None:
    """Beside each quarantined item: whether it still waits."""
    numbers = _numbers(results)
    items = QuarantinedItem.objects.defer("content").in_bulk(numbers) if numbers else {}
    for result in results:
        item = items.get(result.get("quarantined_item", 0))
        if item and item.source_id == source.pk:
            result["settled"] = settled(item)


def settled(item: QuarantinedItem) -> dict[str, Any]:
    """What has become of a quarantined item: it waits, or it was repaired or discarded, when and why."""
    return {"state": item.state, "settled_at": item.settled_at, "note": item.settled_note}


def _counts(delivery: Delivery) -> dict[str, int]:
    return {name: getattr(delivery, name) for name in Receipt(delivery.pk, []).counts()}


def refusals_of(source: Source, *, lead: str, action: str) -> list[QuarantinedItem]:
    """Every time an action was refused, the latest first, alone or with its whole lead; by the source's own ids."""
    items = QuarantinedItem.objects.filter(source=source, lead_external_id=lead).order_by("-pk")
    return [item for item in items[:REFUSALS_OF_A_LEAD] if _names(item.content, action)]


def _names(content: Any, action: str) -> bool:
    actions = content.get("actions") if isinstance(content, dict) else None
    return any(
        isinstance(each, dict) and isinstance(each.get("id"), str | int) and external_id(each["id"]) == action
        for each in (actions if isinstance(actions, list) else ())
    )
