"""Error pages: not allowed, not found, expired form, server error.

They have the site's look, what to do, and a way back. API clients get a problem document (core/api/problems.py).
"""

from typing import Any
from urllib.parse import urlsplit

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse

from billing_engine.accounts.login.door import is_portal
from billing_engine.core.api.problems import PROBLEM_JSON
from portal.entrance import refusals

API = "/api/"


def forbidden(request: HttpRequest, *_: object, **__: object) -> HttpResponse:
    """The user's role does not include this."""
    groups = list(request.user.groups.values_list("name", flat=True)) if request.user.is_authenticated else []
    role = f"Your role, {' and '.join(groups)}," if groups else "Your account"
    return _page(
        request,
        403,
        "You can't do this",
        f"{role} does not include it. Someone with the right role can, or an administrator can change yours.",
    )


def not_found(request: HttpRequest, *_: object, **__: object) -> HttpResponse:
    """There is no such page, or its subject no longer exists."""
    return _page(request, 404, "Page not found", "The address is wrong, or its subject no longer exists.")


def bad_request(request: HttpRequest, *_: object, **__: object) -> HttpResponse:
    """The request is invalid."""
    return _page(request, 400, "This request can't be read", "Go back and try again from the page itself.")


def form_expired(request: HttpRequest, *_: object, **__: object) -> HttpResponse:
    """Django's CSRF check failed: usually a page was open for too long, or the user logged in in another tab."""
    if is_portal(request):
        return refusals.form_expired(request)
    return _page(request, 403, "This form has expired", "Nothing was changed. Reload the page, then send it again.")


def _page(request: HttpRequest, status: int, title: str, words: str) -> HttpResponse:
    if request.path.startswith(API):
        problem = {"type": "about:blank", "title": title, "status": status, "detail": words}
        return JsonResponse(problem, status=status, content_type=PROBLEM_JSON)
    is_staff = request.user.is_authenticated and getattr(request.user, "is_staff", False)
    context: dict[str, Any] = admin.site.each_context(request) if is_staff else {}
    context |= {"title": title, "words": words, "back": _back(request), "status": status}
    return render(request, "core/refused.html" if is_staff else "core/refused_bare.html", context, status=status)


def _back(request: HttpRequest) -> str:
    """The page of ours that the user came from, or the front page."""
    came_from = urlsplit(request.headers.get("Referer", ""))
    # A path that starts with two slashes would be read as another host.
    is_ours = came_from.netloc == request.get_host() and came_from.path.rstrip("/") not in (
        "",
        request.path.rstrip("/"),
    )
    is_ours = is_ours and not came_from.path.startswith(("//", "/\\"))
    return came_from.path + (f"?{came_from.query}" if came_from.query else "") if is_ours else reverse("admin:index")
