"""What is said when a page of the portal is not there, for whatever reason."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from leads.domain.brand import brand_of


def not_found(request: HttpRequest, *_: object, **__: object) -> HttpResponse:
    """The same words for what never was and for what belongs to others."""
    return refused(
        request,
        404,
        "We don't have this page for your company",
        "Log in with another company, or start at the overview.",
    )


def forbidden(request: HttpRequest, *_: object, **__: object) -> HttpResponse:
    """An act that this person may not do."""
    return refused(request, 403, "You can't do this here", "Ask an administrator of your company.")


def bad_request(request: HttpRequest, *_: object, **__: object) -> HttpResponse:
    """The request is invalid."""
    return refused(request, 400, "This request can't be read", "Go back and try again from the page itself.")


def server_error(request: HttpRequest) -> HttpResponse:
    """A mistake of ours."""
    return refused(request, 500, "Something went wrong here", "It is on record. Nothing was changed. Try again later.")


def form_expired(request: HttpRequest) -> HttpResponse:
    """The page was open for too long, or the person logged in in another tab."""
    return refused(request, 403, "This form has expired", "Nothing was changed. Reload the page, then send it again.")


def refused(request: HttpRequest, status: int, title: str, words: str) -> HttpResponse:
    """Say it in the portal's look."""
    context = {"title": title, "words": words, "brand": brand_of(None)}
    return render(request, "portal/entrance/refused.html", context, status=status)
