"""Panels beside a page that an app above adds."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Model


@dataclass(frozen=True, slots=True)
class PanelFact:
    """A labeled value, and perhaps the row that it comes from with its address."""

    label: str
    value: str
    name: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """A title and its facts; the last one is the result."""

    title: str
    facts: list[PanelFact]


Adds = Callable[[Any], Panel | None]
_panels: dict[str, list[Adds]] = {}


def in_panel(model: str) -> Callable[[Adds], Adds]:
    """Register a panel beside every row of a model, such as `invoices.invoice`; None is not shown."""

    def decorate(add: Adds) -> Adds:
        _panels.setdefault(model, []).append(add)
        return add

    return decorate


def panels_of(row: Model) -> list[Panel]:
    """Return the panels beside a row."""
    return [panel for panel in (add(row) for add in _panels.get(row._meta.label_lower, ())) if panel]
