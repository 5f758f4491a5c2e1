"""The admin's menu, and pages that belong to no model: each app registers its own when its admin is imported."""

from collections.abc import Callable, Sequence
from typing import Any

from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse_lazy

View = Callable[..., HttpResponseBase]


class Item:
    """One item of the menu, shown to users with the permissions, all of them."""

    def __init__(self, title: str, icon: str, address: str, permission: str, *more: str) -> None:
        self.title, self.icon, self.address = title, icon, address
        self.permissions = (permission, *more)

    def as_unfold_has_it(self) -> dict[str, Any]:
        """The item for Unfold's sidebar."""
        return {
            "title": self.title,
            "icon": self.icon,
            "link": reverse_lazy(self.address),
            "permission": lambda request: request.user.has_perms(self.permissions),
        }


_items: dict[str, list[tuple[int, Item]]] = {}
_urls: list[tuple[str, View, str]] = []


def in_menu(group: str, place: int, *items: Item) -> None:
    """Add items to a group of the menu, in order, at this position among those of other apps."""
    _items.setdefault(group, []).extend((place, item) for item in items)


def list_item(title: str, icon: str, model: str) -> Item:
    """A model's list: `list_item("Customers", "business", "leads.customer")`."""
    app, name = model.split(".")
    return Item(title, icon, f"admin:{app}_{name}_changelist", f"{app}.view_{name}")


def page_at(address: str, view: View, *, name: str) -> None:
    """Register a page that belongs to no model: `page_at("reports/unbilled/", unbilled_page, name="reports_unbilled")`."""
    _urls.append((address, view, name))


def urls(admin_view: Callable[[View], View]) -> list[URLPattern]:
    """The URL patterns of the pages that belong to no model."""
    return [path(address, admin_view(view), name=name) for address, view, name in _urls]


def groups(names: Sequence[str]) -> list[dict[str, Any]]:
    """The menu's groups in this order, for Unfold's sidebar."""
    return [{"title": name, "separator": True, "items": _items_of(name)} for name in names]


def title_of(address: str) -> str | None:
    """The menu's title of the page at an address; None if the menu does not have it."""
    every = (item for items in _items.values() for _, item in items)
    return next((item.title for item in every if str(reverse_lazy(item.address)) == address), None)


def _items_of(group: str) -> list[dict[str, Any]]:
    placed = sorted(_items.get(group, []), key=lambda each: each[0])
    return [item.as_unfold_has_it() for _, item in placed]
