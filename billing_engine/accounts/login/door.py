"""Two doors, each with its own addresses, cookies and people: the admin for staff, and the portal for customers."""

from collections.abc import Callable
from http.cookies import SimpleCookie

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.http.request import split_domain_port

PORTAL = "/portal/"
PORTAL_ADDRESSES = "portal.urls"
PREFIX = "portal_"  # of the portal's cookies


def is_portal(request: HttpRequest) -> bool:
    """Whether the request came to the customers' door: by its host if it has one of its own, or by its path."""
    host: str = settings.PORTAL_HOST
    if host:
        return split_domain_port(request.get_host())[0] == split_domain_port(host)[0]
    return request.path.startswith(PORTAL)


class DoorMiddleware:
    """Gives the portal addresses and cookies of its own, so that neither log-in opens the other door."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not is_portal(request):
            return self.get_response(request)
        request.urlconf = PORTAL_ADDRESSES  # Django's own way to choose addresses
        names = (settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME)
        for name in names:
            given = request.COOKIES.get(PREFIX + name)
            request.COOKIES.pop(name, None)
            if given is not None:
                request.COOKIES[name] = given
        response = self.get_response(request)
        for name in names:
            _rename(response.cookies, name)
        return response


def _rename(cookies: "SimpleCookie", name: str) -> None:  # a copy of the cookie under the portal's name and path
    cookie = cookies.pop(name, None)
    if cookie is None:
        return
    cookies[PREFIX + name] = cookie.value
    for key, value in cookie.items():
        cookies[PREFIX + name][key] = value
    cookies[PREFIX + name]["path"] = PORTAL
