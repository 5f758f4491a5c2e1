"""Bulk actions: each row is processed by itself, and skipped rows are listed with the reason."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django import forms
from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from billing_engine.core.admin_kit.cells import address_of, list_of
from billing_engine.core.errors import Refused

Row = TypeVar("Row", bound=models.Model)

SKIPPED = "skipped"  # in the session, by model
SKIPPED_SHOWN = 200
TOLD_ONE_BY_ONE = 3


@dataclass(frozen=True, slots=True)
class SkippedRow:
    """A row that a bulk action skipped, with the message of the refusal."""

    name: str
    why: str
    address: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """What a bulk action skipped: the action in words, the first rows, and how many more."""

    act: str
    rows: list[SkippedRow]
    more: int = 0


@dataclass(frozen=True, slots=True)
class AsksWhy:
    """What the page that asks for a reason says, before an act on many rows: the action's name, the verb, the noun."""

    action: str
    verb: str
    noun: str
    says: str
    is_dangerous: bool = False


def ask_why(
    page: Any, request: HttpRequest, form: forms.Form, rows: Sequence[models.Model], asks: AsksWhy
) -> HttpResponse:
    """Ask for the reason of an act on the chosen rows: the page's list action is called again with the answer."""
    title = f"{asks.verb} {len(rows):,} {asks.noun}{'' if len(rows) == 1 else 's'}?"
    context = {
        **page.admin_site.each_context(request),
        "opts": page.opts,
        "title": asks.verb,
        "asks": {"title": title, "says": asks.says, "is_dangerous": asks.is_dangerous},
        "action": asks.action,
        "form": form,
        "rows": rows,
        "checkbox": ACTION_CHECKBOX_NAME,
        "back": list_of(page.opts.label_lower),
    }
    return render(request, "core/reason_for_many.html", context)


def for_each(request: HttpRequest, rows: Iterable[Row], act: Callable[[Row], object], *, done: str) -> None:
    """Process each row; a refused row is skipped and reported, and the next one continues: `Activated: 3`.

    Skipped rows stay on the list with their reasons, for this user, until the next bulk action.
    """
    count, skipped, kind = 0, list[tuple[str, str, str]](), ""
    for row in rows:
        kind = row._meta.label_lower
        try:
            act(row)
        except Refused as refusal:
            skipped.append((str(row), str(refusal), address_of(row)))
        else:
            count += 1
    if kind:
        request.session[SKIPPED] = request.session.get(SKIPPED, {}) | {kind: (done, count, skipped)}
    if len(skipped) <= TOLD_ONE_BY_ONE:
        for name, why, _ in skipped:
            messages.error(request, f"{name}: {why}")
    else:
        messages.error(request, f"Skipped: {len(skipped):,}. See the list for the reasons.")
    if count:
        messages.success(request, f"{done}: {count}")


def skipped_by(request: HttpRequest, model: type[models.Model]) -> Skipped | None:
    """What this user's last bulk action on the model skipped; None if nothing."""
    done, count, rows = request.session.get(SKIPPED, {}).get(model._meta.label_lower, ("", 0, []))
    if not rows:
        return None
    act = f"{done}: {count:,}. Skipped: {len(rows):,}"
    return Skipped(act, [SkippedRow(*row) for row in rows[:SKIPPED_SHOWN]], max(0, len(rows) - SKIPPED_SHOWN))
