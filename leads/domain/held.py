"""What cannot be stored as data is kept as it was sent, with its reason."""

import json
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import JSONField, Value

from leads.domain.items import is_storable
from leads.domain.rows import as_json
from leads.domain.sent import SentLead
from leads.models import QuarantinedItem, Source


def keep(source: Source, *, delivery: int, received_at: datetime, leads: Iterable[SentLead]) -> None:
    """Keep what was refused, whole leads with their actions, single actions with just enough of their lead."""
    items = [item for lead in leads for item in _refused_parts(lead)]
    for item in items:
        item.source, item.delivery_id, item.received_at = source, delivery, received_at
    QuarantinedItem.objects.bulk_create(items)


def _refused_parts(lead: SentLead) -> Iterable[QuarantinedItem]:
    if lead.result.fault:
        yield QuarantinedItem(
            kind=QuarantinedItem.Kind.LEAD,
            pointer=(lead.result.pointer + lead.result.fault.pointer)[:200],
            code=lead.result.fault.code,
            message=lead.result.fault.message,
            content=storable(lead.raw),
            actions_held=len(lead.actions),
        )
        return
    for action in lead.actions:
        if action.result.fault:
            yield QuarantinedItem(
                kind=QuarantinedItem.Kind.ACTION,
                pointer=(action.result.pointer + action.result.fault.pointer)[:200],
                code=action.result.fault.code,
                message=action.result.fault.message,
                content=storable({**lead.raw, "actions": [action.raw]}),
                actions_held=1,
                stored_action_id=action.conflicts_with,
            )


def storable(content: Any) -> Any:
    """The JSON value as PostgreSQL can hold it; the delivery keeps the bytes as they were sent."""
    if content is None:
        return Value(None, JSONField())  # the JSON value null, not the absence of one
    return json.loads(as_json(_cleaned(content)))


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "\ufffd")
    if isinstance(value, Decimal) and not is_storable(value):
        return str(value)
    if isinstance(value, dict):
        return {_cleaned(name): _cleaned(member) for name, member in value.items()}
    return [_cleaned(member) for member in value] if isinstance(value, list) else value
