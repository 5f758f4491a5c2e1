"""The deeds on a row, as its page shows them: who did what, when, with which effect, why and from where."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.safestring import SafeString

from billing_engine.core.admin_kit.cells import NOTHING, link_to, page_of
from billing_engine.core.calendar.instants import instant, instant_in_words
from billing_engine.core.deeds.verbs import in_words, values_need
from billing_engine.core.models import Deed
from billing_engine.core.models.deed import DeedQuerySet, reference

SHOWN = 5  # on the row's page; the rest is one click away
Change = tuple[str, str, str]  # field, before, after


@dataclass(frozen=True, slots=True)
class Told:
    """A deed in words."""

    at: SafeString | str
    who: str
    what: str
    subject: SafeString | str
    changes: list[Change]
    reason: str
    origin: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """The last deeds on a row, and the address of its history if there are more."""

    deeds: list[Told]
    history: str


def timeline_of(request: HttpRequest, row: Model, *, deeds: DeedQuerySet, zone: tzinfo) -> Timeline:
    """The last deeds on a row; times are in this zone."""
    found = list(deeds.select_related("person")[: SHOWN + 1])
    history = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_history", args=[row.pk])
    return Timeline(told(request, found[:SHOWN], row=row, zone=zone), history if len(found) > SHOWN else "")


def told(request: HttpRequest, deeds: Iterable[Deed], *, row: Model | None, zone: tzinfo) -> list[Told]:
    """Deeds in words; on the page of `row`, a deed on another row links to it."""
    is_trusted = request.user.has_perm("core.view_deed")
    return [
        Told(
            at=instant(deed.at, zone),
            who=who(deed),
            what=in_words(deed.verb),
            subject="" if row is not None and deed.objects_touched[0] == reference(row) else subject_of(deed),
            changes=changes_of(deed, zone) if may_see_values(request, deed) else [],
            reason=deed.reason,
            origin=origin_of(deed) if is_trusted else "",
        )
        for deed in deeds
    ]


def who(deed: Deed) -> str:
    """`Olga Berg`, `Olga Berg (invoices.bulk_action)`, `Web shop (source)`, `Engine (invoices.mail)`."""
    if deed.actor == Deed.Actor.SOURCE:
        return f"{deed.actor_name} (source)"
    name = deed.actor_name if deed.actor == Deed.Actor.PERSON else "Engine"
    return f"{name} ({deed.task})" if deed.task else name


def origin_of(deed: Deed) -> str:
    """`from 203.0.113.9, request 4f2a…`: as in the log; empty for a deed outside requests."""
    parts = (f"from {deed.address}" if deed.address else "", f"request {deed.request}" if deed.request else "")
    return ", ".join(part for part in parts if part)


def may_see_values(request: HttpRequest, deed: Deed) -> bool:
    """Whether this user may see what a deed changed: contact data needs its own permission."""
    needed = values_need(deed.verb)
    return not needed or request.user.has_perm(needed)


def subject_of(deed: Deed) -> SafeString | str:
    """The row that the deed was done on, with a link if it has a page and still exists as far as its name tells."""
    model, _, key = deed.objects_touched[0].partition(":")
    try:
        return link_to(page_of(model, key), deed.subject_name or deed.objects_touched[0])
    except NoReverseMatch:
        return deed.subject_name or deed.objects_touched[0]


def changes_of(deed: Deed, zone: tzinfo = UTC) -> list[Change]:
    """Each changed value in words, as the form names it, before and after."""
    model = _model_of(deed)
    places = {field.name: place for place, field in enumerate(model._meta.concrete_fields)} if model else {}
    names = sorted({**deed.before, **deed.after}, key=lambda name: places.get(name, len(places)))
    return [
        (_name(model, name), _words(model, name, deed.before.get(name), zone), _words(model, name, now, zone))
        for name, now in ((name, deed.after.get(name)) for name in names)
        if deed.before.get(name) or name in deed.after
    ]


def zone_of(row: Model) -> tzinfo:
    """The time zone of the customer that the row belongs to; UTC if it belongs to none."""
    for owner in (row, getattr(row, "customer", None)):
        zone = getattr(owner, "zone", None)
        if isinstance(zone, tzinfo):
            return zone
    return UTC


def _model_of(deed: Deed) -> type[Model] | None:
    try:
        return apps.get_model(deed.objects_touched[0].partition(":")[0])
    except (LookupError, ValueError):
        return None


def _name(model: type[Model] | None, name: str) -> str:
    field = _field(model, name)
    words = str(field.verbose_name) if field is not None else name.replace("_", " ")
    return words[:1].upper() + words[1:]


def _words(model: type[Model] | None, name: str, value: Any, zone: tzinfo) -> str:
    field = _field(model, name)
    labels = dict(field.flatchoices) if field is not None and field.choices else {}
    if isinstance(value, str | int) and value in labels:
        return str(labels[value])
    if value is None or value in ("", [], {}):
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, dict):
        return ", ".join(f"{key}: {each}" for key, each in value.items())
    return _instant(value, zone) if name.endswith(("_at", "until")) else str(value)


def _instant(value: Any, zone: tzinfo) -> str:
    try:
        return instant_in_words(datetime.fromisoformat(str(value)), zone)
    except ValueError:
        return str(value)


def _field(model: type[Model] | None, name: str) -> Any:
    try:
        field = model._meta.get_field(name) if model is not None else None
    except FieldDoesNotExist:
        return None
    return field if field is not None and field.concrete else None  # a reverse relation has no name of its own
