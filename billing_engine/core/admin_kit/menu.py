"""The admin's menu, and pages that belong to no model: each app registers its own when its admin is imported."""

from collections.abc import Callable, Collection, Sequence
from typing import Any

from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse, reverse_lazy

View = Callable[..., HttpResponseBase]
MOST = 99  # a badge counts no further


class Waits:
    """What is waiting behind an item: its badge, for the people who can act on it."""

    def __init__(self, acts: str, rows: Callable[[Any], QuerySet[Any]]) -> None:
        self.acts, self.rows = acts, rows

    def badge(self, user: Any) -> str:
        """How many rows wait for this user, "99+" if more; "" without any, and for people who can't act on them."""
        if not user.has_perm(self.acts):
            return ""
        count = self.rows(user).order_by()[: MOST + 1].count()
        return f"{MOST}+" if count > MOST else str(count or "")


class Item:
    """One item of the menu, shown to users with the permissions, all of them."""

    def __init__(
        self,
        title: str,
        icon: str,
        address: str,
        permission: str,
        *more: str,
        query: str = "",
        waits: Waits | None = None,
    ) -> None:
        self.title, self.icon, self.address, self.query, self.waits = title, icon, address, query, waits
        self.permissions = (permission, *more)

    def as_unfold_has_it(self, user: Any) -> dict[str, Any]:
        """The item for Unfold's sidebar."""
        may = user.has_perms(self.permissions)
        return {
            "title": self.title,
            "icon": self.icon,
            "link": f"{reverse(self.address)}{self.query}",
            "permission": lambda _: may,
            "waiting": self.waits.badge(user) if may and self.waits else "",
        }


_items: dict[str, list[tuple[int, Item]]] = {}
_urls: list[tuple[str, View, str]] = []


def in_menu(section: str, place: int, *items: Item) -> None:
    """Add items to a section of the menu, in order, at this position among those of other apps."""
    _items.setdefault(section, []).extend((place, item) for item in items)


def list_item(title: str, icon: str, model: str, waits: Waits | None = None) -> Item:
    """A model's list: `list_item("Customers", "business", "leads.customer")`."""
    app, name = model.split(".")
    return Item(title, icon, f"admin:{app}_{name}_changelist", f"{app}.view_{name}", waits=waits)


def page_at(address: str, view: View, *, name: str) -> None:
    """Register a page that belongs to no model: `page_at("reports/unbilled/", unbilled_page, name="reports_unbilled")`."""
    _urls.append((address, view, name))


def urls(admin_view: Callable[[View], View]) -> list[URLPattern]:
    """The URL patterns of the pages that belong to no model."""
    return [path(address, admin_view(view), name=name) for address, view, name in _urls]


def sections(names: Sequence[str], *, user: Any, folded: Collection[str] = ()) -> list[dict[str, Any]]:
    """The menu's sections in this order, for Unfold's sidebar; folded ones open by a press, or if the page is in them."""
    return [{"title": name, "collapsible": name in folded, "items": _items_of(name, user)} for name in names]


def title_of(address: str) -> str | None:
    """The menu's title of the page at an address; None if the menu does not have it."""
    every = (item for items in _items.values() for _, item in items)
    return next((item.title for item in every if str(reverse_lazy(item.address)) == address), None)


def _items_of(section: str, user: Any) -> list[dict[str, Any]]:
    placed = sorted(_items.get(section, []), key=lambda each: each[0])
    return [item.as_unfold_has_it(user) for _, item in placed]
