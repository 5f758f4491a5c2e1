"""Who may call the API: each view names its audiences; one that names none is closed to everyone."""

from typing import TYPE_CHECKING, Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from billing_engine.core.errors import Refused

if TYPE_CHECKING:  # it reads the setting that names this class
    from rest_framework.views import APIView


class ScopeMissing(Refused):
    """The key is valid but may not do this."""

    code = "scope_missing"
    http_status = 403

    def __init__(self, scope: str) -> None:
        super().__init__(f"This API key doesn't have the scope “{scope}”. Use a key that has it.")


class NamedAudiences(BasePermission):
    """Allow the audiences that the view names.

    `for_sources` with what a source's key must allow, `for_customers` with what a customer's key must allow, and
    `staff_needs` with permissions of the staff. Raises ScopeMissing.
    """

    def has_permission(self, request: Request, view: "APIView") -> bool:
        key: Any = request.auth
        if key is not None:  # only an API key leaves something there
            if key.AUDIENCE == "source":
                return _allows(key, source_scope(type(view)))
            scope = customer_scope(type(view), str(request.method))
            return key.AUDIENCE == "customer" and bool(scope) and bool(key.may(scope))
        needed = staff_needs(type(view))
        is_staff = getattr(request.user, "is_staff", False)
        return bool(needed) and is_staff and request.user.has_perms(needed)


def _allows(key: Any, scope: str) -> bool:
    if scope and not key.may(scope):
        raise ScopeMissing(scope)
    return bool(scope)


def source_scope(view: "type[APIView]") -> str:
    """Return what a source's key must allow for the view; "" if it is not for sources."""
    return str(getattr(view, "for_sources", ""))


def customer_scope(view: "type[APIView]", method: str) -> str:
    """Return what a customer's key must allow for a method of the view; "" if it is not for customers."""
    scopes: dict[str, str] = getattr(view, "for_customers", {})
    return scopes.get("GET" if method in ("HEAD", "OPTIONS") else method, "")


def staff_needs(view: "type[APIView]") -> tuple[str, ...]:
    """Return the permissions that a person of the staff needs for the view; () if it is not for the staff."""
    return tuple(getattr(view, "staff_needs", ()))
