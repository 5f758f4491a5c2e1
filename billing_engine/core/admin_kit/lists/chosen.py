"""The columns of a list that a person chose, kept for the next time; a list's own are shown until then."""

from collections.abc import Collection, Sequence
from typing import Any

from django.contrib.admin.utils import label_for_field
from django.contrib.auth.models import User
from django.utils.text import capfirst

from billing_engine.core.models import ListColumns

CHECKBOX = "action_checkbox"


def kept_by(person: User, listed: str) -> list[str] | None:
    """The names of the columns that the person chose; None if there is no choice."""
    kept = ListColumns.objects.filter(person=person, listed=listed)
    found: list[str] | None = kept.values_list("columns", flat=True).first()
    return found


def keep(person: User, listed: str, names: Sequence[str], usual: Collection[str]) -> None:
    """Keep a choice, but not that of the usual columns, so that a new column of the list appears in them."""
    if set(names) == set(usual):
        ListColumns.objects.filter(person=person, listed=listed).delete()
        return
    ListColumns.objects.update_or_create(person=person, listed=listed, defaults={"columns": list(names)})


def columns_shown(offered: Sequence[str], wanted: Collection[str]) -> list[str]:
    """Of the columns on offer, in their order, those that are wanted; the first one names its row and always stays."""
    first = next(name for name in offered if name != CHECKBOX)
    return [name for name in offered if name in (CHECKBOX, first) or name in wanted]


def title_of(page: Any, name: str) -> str:
    """The head of a column."""
    return capfirst(str(label_for_field(name, page.model, model_admin=page)))
