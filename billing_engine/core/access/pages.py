"""Who may open a page or press a button: each states what it needs; one that states nothing is closed to everyone."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.contrib.admin import AdminSite
from django.contrib.admin.options import BaseModelAdmin
from django.contrib.contenttypes.views import shortcut
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.generic import RedirectView

View = Callable[..., HttpResponseBase]
AnyView = TypeVar("AnyView", bound=Callable[..., Any])

# For the few pages that show nothing of the business, such as the front page (its sections check for themselves).
ANYONE_STAFF = "anyone on the staff"
# For the pages of log-in, which show nothing of the business either.
ANYONE = "anyone"
# Django's own pages of a model ask the model's page: `has_view_permission` and its siblings.
OF_A_MODEL = {
    "changelist_view": "view",
    "add_view": "add",
    "change_view": "change",
    "delete_view": "delete",
    "history_view": "view",
    "user_change_password": "change",
}
# Django's own pages that belong to no model: they show only what the user may see, or nothing.
OF_THE_SITE = (
    *("index", "app_index", "catch_all_view", "i18n_javascript", "autocomplete_view"),
    *("logout", "password_change", "password_change_done"),
)


def needs(*permissions: str) -> Callable[[AnyView], AnyView]:
    """State the permissions that a page or a button needs, all of them: `@needs("pricing.view_charge")`."""

    def state(view: AnyView) -> AnyView:
        vars(view)["needs"] = permissions
        return view

    return state


def stated(view: Any) -> tuple[str, ...]:
    """Return the permissions that a view states, for Django's own pages of a model the kind; () if none."""
    needed = getattr(view, "needs", None)
    if needed:
        return (needed,) if isinstance(needed, str) else tuple(needed)
    if getattr(view, "allowed_permissions", None):
        return tuple(view.allowed_permissions)
    return _of_django(view)


def _of_django(view: Any) -> tuple[str, ...]:
    owner, name = getattr(view, "__self__", None), getattr(view, "__name__", "")
    if isinstance(owner, BaseModelAdmin):
        return (OF_A_MODEL[name],) if name in OF_A_MODEL else ()
    is_redirect = getattr(view, "view_class", None) is RedirectView or view is shortcut
    return (ANYONE_STAFF,) if is_redirect or (isinstance(owner, AdminSite) and name in OF_THE_SITE) else ()


def may(user: Any, view: Any) -> bool:
    """Return whether the user may open the view, as far as it states permissions by name; without any, no one may.

    Kinds (`view`, `change`) are checked by the page of the model.
    """
    needed = stated(view)
    return bool(needed) and all(
        each == ANYONE_STAFF or "." not in each or user.has_perm(each)
        for each in needed  # ANYONE_STAFF: the admin's log-in is enough
    )


def _is_post_to_read_only(request: HttpRequest, view: Any) -> bool:
    """Whether a form is posted to the page of a row that this user may not change: Django asks only on its own pages."""
    page = getattr(view, "__self__", None)
    if request.method != "POST" or not isinstance(page, BaseModelAdmin) or view.__name__ != "change_view":
        return False
    return not page.has_change_permission(request)


def guarded(view: View) -> View:
    """Return the view, which refuses anyone who may not open it."""

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not may(request.user, view) or _is_post_to_read_only(request, view):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return checked
