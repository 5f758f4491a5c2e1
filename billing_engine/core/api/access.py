"""Who may call the API: each view names its audiences; one that names none is closed to everyone."""

from typing import TYPE_CHECKING, Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

if TYPE_CHECKING:  # it reads the setting that names this class
    from rest_framework.views import APIView


class NamedAudiences(BasePermission):
    """Allow the audiences that the view names.

    `for_sources = True`, `for_customers` with what a customer's key must allow, and `staff_needs` with permissions of the
    staff.
    """

    def has_permission(self, request: Request, view: "APIView") -> bool:
        key: Any = request.auth
        if key is not None:  # only an API key leaves something there
            if key.AUDIENCE == "source":
                return is_for_sources(type(view))
            scope = customer_scope(type(view), str(request.method))
            return key.AUDIENCE == "customer" and bool(scope) and bool(key.may(scope))
        needed = staff_needs(type(view))
        is_staff = getattr(request.user, "is_staff", False)
        return bool(needed) and is_staff and request.user.has_perms(needed)


def is_for_sources(view: "type[APIView]") -> bool:
    """Return whether a source's API key may call the view."""
    return bool(getattr(view, "for_sources", False))


def customer_scope(view: "type[APIView]", method: str) -> str:
    """Return what a customer's key must allow for a method of the view; "" if it is not for customers."""
    scopes: dict[str, str] = getattr(view, "for_customers", {})
    return scopes.get("GET" if method in ("HEAD", "OPTIONS") else method, "")


def staff_needs(view: "type[APIView]") -> tuple[str, ...]:
    """Return the permissions that a person of the staff needs for the view; () if it is not for the staff."""
    return tuple(getattr(view, "staff_needs", ()))
