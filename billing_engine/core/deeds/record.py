"""Record deeds, in the transaction of what was done."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.auth.models import User
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.db.models import Model

from billing_engine.core.deeds import origin
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.models import Deed
from billing_engine.core.models.deed import reference

NAME_LENGTH = 200
ENGINE = "Lead Billing Engine"

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
    person = by if isinstance(by, User) else None
    kind = Deed.Actor.PERSON if person else Deed.Actor.SOURCE if by is not None else Deed.Actor.ENGINE
    task = origin.task()
    name = (person.get_full_name() or person.get_username()) if person else str(by) if by is not None else task
    touched = [on, *also, *([by] if kind is Deed.Actor.SOURCE and by is not None else [])]
    return Deed(
        verb=verb.code,
        actor=kind,
        person=person,
        actor_name=(name or ENGINE)[:NAME_LENGTH],
        task=task,
        request=origin.request(),
        address=origin.address(),
        objects_touched=list(dict.fromkeys(reference(row) for row in touched)),
        subject_name=str(on)[:NAME_LENGTH],
        before=plain(before),
        after=plain(after),
        reason=reason.strip(),
    )


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
    if isinstance(value, Mapping):
        return {str(name): _text(each) for name, each in value.items()}
    if isinstance(value, Model):
        return str(value)
    return DjangoJSONEncoder().default(value)
