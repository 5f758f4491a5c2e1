"""allauth's pages at the customers' door: the same views as for staff, in the portal's look."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.db import transaction
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.cache import add_never_cache_headers

from billing_engine.core.access.pages import ANYONE, needs
from leads.domain.brand import brand_of
from leads.domain.memberships.members import memberships_of
from portal.brand import brand_css, has_color
from portal.entrance.words import WORDS
from portal.gate import Visit

View = Callable[..., HttpResponseBase]


def entrance(address: str, view: View, name: str, template: str = "form") -> URLPattern:
    """A page of the entrance, whose deeds are stored with what it does."""

    @needs(ANYONE)
    @wraps(view)
    def shown(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with transaction.atomic():
            response = view(request, *args, **kwargs)
        if isinstance(response, TemplateResponse):
            context = response.context_data or {}
            words = WORDS.get(name, {})
            response.template_name = f"portal/entrance/{template}.html"
            for form in (each for each in context.values() if isinstance(each, BaseForm)):
                _named(form)
            style_address = reverse("portal_style") if has_color() else ""
            response.context_data = {"brand": brand_of(None), "style_address": style_address, **words, **context}
        add_never_cache_headers(response)
        return response

    return path(address, shown, name=name)


def _named(form: BaseForm) -> None:
    """Labels as we write them, and no placeholders, which vanish when people type."""
    for field in form.visible_fields():
        field.field.widget.attrs.pop("placeholder", None)
        field.label = "Email" if field.name == "login" else str(field.label).capitalize()


@login_required
def start(request: HttpRequest) -> HttpResponseBase:
    """Lead to the person's portal, or let them choose, if they belong to several."""
    user = request.user
    found = memberships_of(user) if isinstance(user, User) else []
    if len(found) == 1:
        return HttpResponseRedirect(f"{request.path}{found[0].customer.portal.public_id}/")
    return TemplateResponse(request, "portal/entrance/start.html", {"title": "Choose a company", "memberships": found})


def style(_: HttpRequest) -> HttpResponse:
    """The company's color; empty for ours."""
    return HttpResponse(brand_css(), content_type="text/css")


def style_of(request: HttpRequest, _: Visit) -> HttpResponse:
    """The same at the address of a customer, which staff who look can open."""
    return style(request)
