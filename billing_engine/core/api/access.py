"""Who may call the API: each view names its audiences; one that names none is closed to everyone."""

from typing import TYPE_CHECKING

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

if TYPE_CHECKING:  # it reads the setting that names this class
    from rest_framework.views import APIView


class NamedAudiences(BasePermission):
    """Allow the audiences that the view names: `for_sources = True`, and `staff_needs` with permissions of the staff."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        if request.auth is not None:  # only an API key leaves something there
            return is_for_sources(type(view))
        needed = staff_needs(type(view))
        is_staff = getattr(request.user, "is_staff", False)
        return bool(needed) and is_staff and request.user.has_perms(needed)


def is_for_sources(view: "type[APIView]") -> bool:
    """Return whether a source's API key may call the view."""
    return bool(getattr(view, "for_sources", False))


def staff_needs(view: "type[APIView]") -> tuple[str, ...]:
    """Return the permissions that a person of the staff needs for the view; () if it is not for the staff."""
    return tuple(getattr(view, "staff_needs", ()))
