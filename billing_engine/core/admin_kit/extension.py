"""Let an app extend the admin pages of an app below: columns and sections next to a place that it names, and panels."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.admin.utils import flatten, flatten_fieldsets
from django.core.exceptions import ImproperlyConfigured
from django.db.models import Model

from billing_engine.core.admin_kit.columns import Column

Names = tuple[Any, ...]


class Extensible:
    """The extensible parts of a page and its rows: columns, facts, sections and buttons can be added by apps above.

    Call this when the app's admin is imported. It imports the page that it extends, so the order of apps does not
    matter.
    """

    related: tuple[str, ...] = ()  # relations loaded with each row
    columns_in = "list_display"
    fields: Any = None
    fieldsets: Any = None
    actions: Any = ()
    actions_detail: Any = ()
    readonly_fields: Any = ()
    # The facts of the added sections, and who may see them.
    sections_added: Mapping[str | None, tuple[tuple[str, ...], str]] = {}

    @classmethod
    def extend(
        cls, name: str, shown: Column, *, after: str = "", beside: str = "", related: tuple[str, ...] = ()
    ) -> None:
        """Add a column after the column `after`, and the same as a fact on the page, on the same line as `beside`."""
        cls._keep({name: shown}, related)
        if after:
            setattr(cls, cls.columns_in, _behind(getattr(cls, cls.columns_in), after, name))
        if beside and cls.fieldsets:
            _place(tuple(flatten_fieldsets(cls.fieldsets)), beside)
            cls.fieldsets = tuple(
                (title, {**told, "fields": _with(told["fields"], beside, name)}) for title, told in cls.fieldsets
            )
        elif beside:
            _place(tuple(flatten(cls.fields)), beside)
            cls.fields = _with(cls.fields, beside, name)

    @classmethod
    def extend_section(
        cls, title: str, shown: dict[str, Column], *, after: str | None, related: tuple[str, ...] = (), needs: str = ""
    ) -> None:
        """Add a section of facts after the section `after`; `needs` is the permission to see it."""
        cls._keep(shown, related)
        cls.sections_added = {**cls.sections_added, title: (tuple(shown), needs)}
        cls.readonly_fields = (*cls.readonly_fields, *shown)  # also on a page with a form
        titles = tuple(each for each, _ in cls.fieldsets)
        place = _place(titles, after) + 1
        cls.fieldsets = (*cls.fieldsets[:place], (title, {"fields": tuple(shown)}), *cls.fieldsets[place:])

    @classmethod
    def sections_for(cls, user: Any, row: Any) -> Names:
        """Return the sections that the user may see; the facts of an added one are of a row that is there."""

        def is_shown(title: str | None) -> bool:
            _, needs = cls.sections_added.get(title, ((), ""))
            return title not in cls.sections_added or (row is not None and (not needs or user.has_perm(needs)))

        return tuple((title, told) for title, told in cls.fieldsets if is_shown(title))

    @classmethod
    def facts_added(cls) -> tuple[str, ...]:
        """Return the names of the facts in added sections."""
        return tuple(name for names, _ in cls.sections_added.values() for name in names)

    @classmethod
    def extend_buttons(cls, *buttons: Any, before: str) -> None:
        """Add buttons created with `@button` before the button `before`."""
        cls._keep({each.__name__: each for each in buttons}, ())
        place = _place(cls.actions_detail, before)
        names = (each.__name__ for each in buttons)
        cls.actions_detail = (*cls.actions_detail[:place], *names, *cls.actions_detail[place:])

    @classmethod
    def extend_more(cls, *buttons: Any) -> None:
        """Add buttons created with `@button` to the menu of seldom ones, which stands behind the others."""
        cls._keep({each.__name__: each for each in buttons}, ())
        shown = tuple(each for each in cls.actions_detail if isinstance(each, str))
        seldom = [name for each in cls.actions_detail if not isinstance(each, str) for name in each["items"]]
        cls.actions_detail = (*shown, more(*seldom, *(each.__name__ for each in buttons)))

    @classmethod
    def extend_actions(cls, act: Any, *, permission: Any) -> None:
        """Add an act on the chosen rows of the list; `permission` is the method that its one permission names."""
        cls._keep({act.__name__: act, permission.__name__: permission}, ())
        cls.actions = (*(cls.actions or ()), act.__name__)

    @classmethod
    def _keep(cls, named: dict[str, Any], related: tuple[str, ...]) -> None:
        for name, each in named.items():
            if hasattr(cls, name):
                raise ImproperlyConfigured(f"{cls.__name__} already has a {name}.")
            setattr(cls, name, each)
        cls.related = (*cls.related, *related)


def more(*names: str) -> dict[str, Any]:
    """The menu of seldom buttons at the end of `actions_detail`."""
    return {"title": "More", "icon": "more_horiz", "items": list(names)}


def _place(names: Names, name: str | None) -> int:
    if name not in names:
        raise ImproperlyConfigured(f"There is no {name} among {', '.join(map(str, names))}.")
    return names.index(name)


def _behind(names: Names, after: str, new: str) -> Names:
    place = _place(names, after) + 1
    return (*names[:place], new, *names[place:])


def _with(lines: Names, beside: str, new: str) -> Names:
    """The lines of a section, with the new name on the other's line."""
    return tuple(
        (*each, new) if isinstance(each, tuple) and beside in each else (each, new) if each == beside else each
        for each in lines
    )


@dataclass(frozen=True, slots=True)
class PanelFact:
    """A labeled value, and perhaps the row that it comes from with its address."""

    label: str
    value: str
    name: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """A title, perhaps with the page that it leads to, and its facts; the last one is the result."""

    title: str
    facts: list[PanelFact]
    address: str = ""


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
