"""Who may open which address and press which button, as text: read from the addresses and from what each states."""

import inspect
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.contrib.admin.options import BaseModelAdmin
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.permissions import AllowAny
from rest_framework.views import APIView

from billing_engine.core.access.pages import ANYONE, ANYONE_STAFF, OF_A_MODEL, stated
from billing_engine.core.api.access import customer_scope, source_scope, staff_needs
from billing_engine.roles import ROLES, permissions_of

HEADER = """\
# Who may open which address and press which button. Written by `manage.py access_matrix`. Do not edit.
# `change leads.customer` asks the page of the model; other needs are permissions, all of them. A button also depends on
# the row's state, and some on who did what before. The last part are the actions on selected rows of a list.
"""
NOTHING_STATED = "NOTHING STATED"
ANONYMOUS, API_KEY, CUSTOMER_KEY = "anonymous", "API key", "customer key"
NO_ROLE, SUPERUSER = "no role", "superuser"
AUDIENCES = (ANONYMOUS, API_KEY, CUSTOMER_KEY, NO_ROLE, *sorted(ROLES, reverse=True), SUPERUSER)
METHOD_WIDTH = len("GET POST")
STAFF = tuple(name for name in AUDIENCES if name not in (ANONYMOUS, API_KEY, CUSTOMER_KEY))
# Outside the admin and the API: they show nothing of the business.
PUBLIC = frozenset({"/", "/favicon.ico", "/api/schema/", "/api/docs/", "/admin/login/"})


@dataclass(frozen=True, slots=True)
class Line:
    """One address with a method, what it needs, and which audiences have that."""

    address: str
    method: str
    needs: str
    who: tuple[str, ...]


def access_matrix() -> str:
    """Return the matrix as text, one line per address and method."""
    heads = "  ".join((*AUDIENCES, "method".ljust(METHOD_WIDTH), "address", "needs"))
    return HEADER + heads + "\n" + "".join(f"{_in_text(line)}\n" for line in lines())


def _in_text(line: Line) -> str:
    """The address comes last: in a fixed column, a longer one would change every line."""
    marks = (("yes" if name in line.who else "-").ljust(len(name)) for name in AUDIENCES)
    return "  ".join((*marks, line.method.ljust(METHOD_WIDTH), line.address, f"({line.needs})"))


def lines() -> list[Line]:
    """Return every line of the matrix."""
    return [*_of_addresses(), *_of_list_actions()]


def patterns() -> Iterator[tuple[str, URLPattern]]:
    """Every address that the URL resolver knows, as written in its pattern."""
    yield from _within(get_resolver().url_patterns, "/")


def view_of(pattern: URLPattern) -> Any:
    """Return the view behind an address: a page's bound method if it is one."""
    view: Any = pattern.callback
    while not inspect.ismethod(view) and hasattr(view, "__wrapped__"):
        view = view.__wrapped__
    return pattern.callback if stated(pattern.callback) and not inspect.ismethod(view) else view


def _within(found: list[Any], before: str) -> Iterator[tuple[str, URLPattern]]:
    for each in found:
        address = before + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from _within(each.url_patterns, address)
        else:
            yield address, each


def _of_addresses() -> list[Line]:
    return sorted(
        (line for address, pattern in patterns() for line in _of(address, pattern)), key=lambda line: line.address
    )


def _of(address: str, pattern: URLPattern) -> Iterator[Line]:
    view = view_of(pattern)
    api: type[APIView] | None = getattr(pattern.callback, "cls", None)
    if address in PUBLIC or ANYONE in stated(view):
        yield Line(address, "any", ANYONE, AUDIENCES)
    elif api is not None:
        yield from _of_api(address, api)
    elif kind := _kind_of_model(view):
        yield from _of_model(address, view.__self__, kind)
    else:
        yield Line(address, "any", _in_words(view), tuple(name for name in STAFF if _has(name, view)))


def _of_api(address: str, view: type[APIView]) -> Iterator[Line]:
    methods = [name.upper() for name in ("get", "post") if hasattr(view, name)]
    in_words = " ".join(methods) or "any"
    if AllowAny in view.permission_classes or not view.permission_classes:
        yield Line(address, in_words, ANYONE, AUDIENCES)
        return
    if any(customer_scope(view, method) for method in methods):
        for method in methods:
            needed = f"a customer's key with the scope {customer_scope(view, method)}"
            yield Line(address, method, needed, (CUSTOMER_KEY,))
        return
    needs = staff_needs(view)
    who = tuple(name for name in STAFF if needs and _person(name).has_perms(needs))
    scope = source_scope(view)
    words = [f"a source's API key with the scope {scope}"] if scope else []
    words += [" and ".join(needs)] if needs else []
    keys = (API_KEY,) if scope else ()
    yield Line(address, in_words, " or ".join(words) or NOTHING_STATED, keys + who)


def _kind_of_model(view: Any) -> str:
    is_of_model = isinstance(getattr(view, "__self__", None), BaseModelAdmin)
    return OF_A_MODEL.get(view.__name__, "") if is_of_model and not getattr(view, "needs", None) else ""


def _of_model(address: str, page: Any, kind: str) -> Iterator[Line]:
    of = page.opts.label_lower
    if kind == "change" and "/change/" in address:
        viewers = tuple(name for name in STAFF if page.has_view_or_change_permission(_request(name)))
        yield Line(address, "GET", f"view {of}", viewers)
    method = "GET" if kind == "view" else "POST" if "/change/" in address else "GET POST"
    yield Line(address, method, f"{kind} {of}", tuple(name for name in STAFF if _page_allows(page, kind, name)))


def _page_allows(page: Any, kind: str, name: str) -> bool:
    """Ask the page about a fresh row, the one that allows most."""
    row = [page.model()] if kind in ("change", "delete") else []
    return bool(getattr(page, f"has_{kind}_permission")(_request(name), *row))


def _of_list_actions() -> list[Line]:
    found = []
    pages: Iterable[Any] = admin.site._registry.values()  # noqa: SLF001 -- Django offers no other way to every page
    for page in pages:
        for act, name, _ in page._get_base_actions():  # noqa: SLF001 -- before it asks what the user may do
            address = f"/admin/{page.opts.app_label}/{page.opts.model_name}/ {name}"
            who = tuple(each for each in STAFF if name in page.get_actions(_request(each)))
            found.append(Line(address, "POST", _in_words(act, page), who))
    return sorted(found, key=lambda line: line.address)


def _in_words(view: Any, page: Any = None) -> str:
    of = (page or getattr(view, "__self__", None) or view).opts.label_lower if _kinds(view) else ""
    return " and ".join(each if each == ANYONE_STAFF or "." in each else f"{each} {of}" for each in stated(view)) or (
        NOTHING_STATED
    )


def _kinds(view: Any) -> list[str]:
    return [each for each in stated(view) if each != ANYONE_STAFF and "." not in each]


def _has(name: str, view: Any) -> bool:
    needed = stated(view)
    request = _request(name)
    named = [each for each in needed if "." in each]
    kinds = [getattr(view.__self__, f"has_{kind}_permission")(request) for kind in _kinds(view)]
    return bool(needed) and request.user.has_perms(named) and all(kinds)


def _request(name: str) -> HttpRequest:
    request = HttpRequest()
    request.user = _person(name)
    return request


def _person(name: str) -> User:
    """Someone on the staff with exactly the permissions of a role; not stored."""
    person = User(username=name, is_staff=True, is_superuser=name == SUPERUSER)
    # Where Django keeps what it has read: the matrix needs no database.
    vars(person)["_perm_cache"] = permissions_of(name) if name in ROLES else set()
    return person
