"""Which of the columns on offer a list shows, and their heads."""

from collections.abc import Collection, Sequence
from typing import Any

from django.contrib.admin.utils import label_for_field
from django.utils.text import capfirst

CHECKBOX = "action_checkbox"


def columns_shown(offered: Sequence[str], wanted: Collection[str]) -> list[str]:
    """Of the columns on offer, in their order, those that are wanted; the first one names its row and always stays."""
    first = next(name for name in offered if name != CHECKBOX)
    return [name for name in offered if name in (CHECKBOX, first) or name in wanted]


def title_of(page: Any, name: str) -> str:
    """The head of a column."""
    return capfirst(str(label_for_field(name, page.model, model_admin=page)))
