"""Record deeds, in the transaction of what was done."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.db.models import BinaryField, Model

from billing_engine.core.deeds import origin
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.models import Deed
from billing_engine.core.models.deed import reference

NAME_LENGTH = 200
ENGINE = "Lead Billing Engine"
EMPTY: tuple[Any, ...] = (None, "", [], {})

Values = Mapping[str, Any]


def record(
    verb: Verb,
    *,
    on: Model,
    by: Model | None,
    reason: str = "",
    before: Values | None = None,
    after: Values | None = None,
    also: Iterable[Model] = (),
) -> Deed:
    """Record one deed on `on`, which `also` touched other rows.

    `by` is the person or source; None if the engine decided by itself. `before` and `after` hold the changed values by
    field, and never a secret. Outside a transaction it raises, because a deed must not outlive what was done.
    """
    deed = deed_of(verb, on=on, by=by, reason=reason, before=before, after=after, also=also)
    require_transaction()
    deed.save(force_insert=True)
    return deed


def record_saved(
    verb: Verb, *, on: Model, stored: Model | None, by: Model | None, also: Iterable[Model] = (), **related: Any
) -> Deed | None:
    """Record that a row was saved; `stored` is how it was, None if it is new. A save without a change is not a deed.

    `related` are values of rows that were saved with it, each before and after.
    """
    before, after = differing(stored, on)
    for name, (was, now) in related.items():
        if was != now:
            before, after = before | {name: was}, after | {name: now}
    if stored is not None and not after:
        return None
    return record(verb, on=on, by=by, before=before if stored else {}, after=after, also=also)


def record_all(deeds: Iterable[Deed]) -> None:
    """Record many deeds at once, each made by `deed_of`."""
    require_transaction()
    Deed.objects.bulk_create(deeds)


def deed_of(
    verb: Verb,
    *,
    on: Model,
    by: Model | None,
    reason: str = "",
    before: Values | None = None,
    after: Values | None = None,
    also: Iterable[Model] = (),
) -> Deed:
    """Return the deed without storing it."""
    touched = [on, *also, *([by] if by is not None and not isinstance(by, User) else [])]
    columns = columns_of(
        verb,
        touched=map(reference, touched),
        name=getattr(on, "deed_name", str(on)),
        by=by,
        reason=reason,
        before=before,
        after=after,
    )
    return Deed(objects_touched=columns.pop("objects"), **columns)


def columns_of(
    verb: Verb,
    *,
    touched: Iterable[str],
    name: str,
    by: Model | None,
    reason: str = "",
    before: Values | None = None,
    after: Values | None = None,
) -> dict[str, Any]:
    """Return the columns of a deed, for an SQL function that stores it together with what was done.

    `touched` are references, its subject first; `name` is the name of the subject.
    """
    person = by if isinstance(by, User) else None
    kind = Deed.Actor.PERSON if person else Deed.Actor.SOURCE if by is not None else Deed.Actor.ENGINE
    task = origin.task()
    actor = (person.get_full_name() or person.get_username()) if person else str(by) if by is not None else task
    return {
        "verb": verb.code,
        "actor": kind,
        "person_id": person.pk if person else None,
        "actor_name": (actor or ENGINE)[:NAME_LENGTH],
        "task": task,
        "request": origin.request(),
        "address": origin.address(),
        "objects": list(dict.fromkeys(touched)),
        "subject_name": name[:NAME_LENGTH],
        "before": plain(before),
        "after": plain(after),
        "reason": reason.strip(),
    }


def differing(stored: Model | None, row: Model) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the columns in which a row differs from the stored one, before and after; of a new row, what it holds.

    Bytes are left out, because they are sealed secrets or files.
    """
    before, after = dict[str, Any](), dict[str, Any]()
    for field in row._meta.concrete_fields:
        was, now = (getattr(each, field.attname) if each else None for each in (stored, row))
        is_told = now != was if stored else now not in EMPTY
        if not is_told or field.primary_key or isinstance(field, BinaryField):
            continue
        before[field.name], after[field.name] = (getattr(each, field.name) if each else None for each in (stored, row))
    return before if stored else {}, after


def changes(before: Values, after: Values) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the values that differ, as they were and as they are, for `record`."""
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return {name: before.get(name) for name in names}, {name: after.get(name) for name in names}


def require_transaction() -> None:
    """Raise unless a transaction is open."""
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("A deed is recorded in the transaction of what was done.")


def plain(values: Values | None) -> dict[str, Any]:
    """Return the values as JSON holds them: amounts and times as text."""
    return {name: _text(value) for name, value in (values or {}).items()}


def _text(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, list | tuple | set | frozenset):
        return [_text(each) for each in value]
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, Mapping):
        return {str(name): _text(each) for name, each in value.items()}
    if isinstance(value, Model):
        return str(value)
    try:
        return DjangoJSONEncoder().default(value)
    except TypeError:  # such as a time zone
        return str(value)
