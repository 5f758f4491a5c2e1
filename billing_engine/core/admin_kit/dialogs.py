"""Buttons above a page. Each opens a dialog and makes one domain call, by POST; the dialog shows a refusal.

The dialog is a page of its own: the button shows its main part in a window; without a script, or in a new tab, the same
page works by itself.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import action
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminTextInputWidget

from billing_engine.core.access.recent_login import need_recent_login
from billing_engine.core.admin_kit.cells import address_of
from billing_engine.core.approvals.people import NeedsApproval
from billing_engine.core.errors import Refused

Said = str | Callable[[Any], str]
REFUSED = "core/dialog_refused.html"


class OnlyConfirmed(forms.Form):
    """An empty form: pressing the button is the answer."""


class WithReason(forms.Form):
    """A reason that is stored with the record."""

    reason = forms.CharField(max_length=200, widget=UnfoldAdminTextInputWidget({"autofocus": True}))


REQUESTED = "Approval requested. A second person finds it under Approvals."  # said when a button asked for one


@dataclass(frozen=True, slots=True)
class Done:
    """What was done, in words, and where to go next; without an address, back to the row's page."""

    message: str
    address: str = ""
    level: int = messages.SUCCESS


Act = Callable[[Any, HttpRequest, Any, dict[str, Any]], Done | HttpResponse]
Guard = Callable[[Any, User], object]


def person(request: HttpRequest) -> User:
    """The logged-in user; the admin refuses everyone else."""
    if not isinstance(request.user, User):
        raise Http404
    return request.user


@dataclass(frozen=True, slots=True)
class Dialog:
    """The contents of a button's dialog. Each text may depend on the row; `also` adds to the template's context.

    `first` are the form's first values, `first_for` those that also depend on the person.
    """

    title: Said
    says: Said = ""
    submit: str = ""
    form: Callable[..., forms.Form] = OnlyConfirmed
    first: Callable[[Any], dict[str, Any]] | None = None
    first_for: Callable[[Any, User], dict[str, Any]] | None = None
    is_dangerous: bool = False
    template: str = "core/dialog.html"
    also: Callable[[Any, forms.Form, Refused | None], dict[str, Any]] | None = None


def button(
    label: str,
    *,
    permission: str,
    asks: Dialog,
    icon: str = "",
    variant: ActionVariant = ActionVariant.DEFAULT,
    offered: Callable[[Any], bool] | None = None,
    guard: Guard | None = None,
    instead_of: Guard | None = None,
    only_for: Callable[[Any, User], bool] | None = None,
    needs_recent_login: bool = False,
) -> Callable[[Act], Callable[..., HttpResponse]]:
    """Turn `act(self, request, row, answers)` into a button on the row's page, for users with `permission`.

    `offered` decides for which rows the button exists. `guard` is the domain's own check of this user and row: it
    raises what the action would raise, and the button is then disabled with that message; if a second person could do
    it, a button that asks for approval takes its place: `instead_of` is the guard of the button that it replaces.
    `only_for` keeps the button to the people whom it concerns. With `needs_recent_login`, a person
    whose log-in is old confirms it before the dialog opens, and presses again.
    """

    def decorate(act: Act) -> Callable[..., HttpResponse]:
        @wraps(act)
        def view(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
            if not request.user.has_perm(permission):
                raise PermissionDenied
            row = _row(self, request, object_id)
            is_offered = offered is None or offered(row)
            refusal = refusal_of(guard, row, person(request)) if request.method != "POST" and is_offered else None
            if refusal is not None:
                shown = {"asks": _told(asks, row), "cannot": str(refusal)}
                return dialog_page(self, request, row, shown, template=REFUSED)
            if needs_recent_login and is_offered:
                need_recent_login(request, back=request.get_full_path())
            return _asked(self, request, row, act, asks, label, guard)

        # Not Unfold's own `permissions`: its check queries the database, which may not be migrated yet.
        made: Any = action(description=label, icon=icon or None, variant=variant)
        made = made(view)
        made.needs = permission
        made.dialog = {"title": label}  # makes the page open it in a window
        made.offered = offered
        made.guard = guard
        made.needs_recent_login = needs_recent_login
        made.instead_of, made.only_for = instead_of, only_for
        return made

    return decorate


def file_button(label: str, *, icon: str, when: Callable[[Any], bool]) -> Callable[[Any], Any]:
    """Make a button that returns a file, without a dialog, to users who can see the row."""

    def decorate(view: Any) -> Any:
        made: Any = action(description=label, permissions=["view"], icon=icon)
        made = made(view)
        made.offered = when
        return made

    return decorate


def why_not(method: Any, row: Model, by: User) -> str:
    """Why this user can't press a visible button, in the refusal's words; empty if they can."""
    refusal = refusal_of(getattr(method, "guard", None), row, by)
    return "" if refusal is None else str(refusal)


def is_left_out(method: Any, row: Model, by: User) -> bool:
    """Whether the page leaves the button out for this user.

    Its act needs a second person, or it asks for one where none is needed, or it concerns other people.
    """
    only_for = getattr(method, "only_for", None)
    if only_for is not None and not only_for(row, by):
        return True
    instead_of = getattr(method, "instead_of", None)
    if instead_of is not None:
        return not isinstance(refusal_of(instead_of, row, by), NeedsApproval)
    return isinstance(refusal_of(getattr(method, "guard", None), row, by), NeedsApproval)


def refusal_of(guard: Guard | None, row: Model, by: User) -> Refused | None:
    """What the guard raises for this user."""
    if guard is None:
        return None
    try:
        guard(row, by)
    except Refused as refusal:
        return refusal
    return None


def dialog_link(address: str, text: str) -> SafeString:
    """A link that opens a button's dialog from anywhere on a page."""
    return format_html(
        '<a class="text-link" href="{}" hx-get="{}" hx-target="#modal-content" hx-select="#dialog"'
        ' x-on:htmx:after-on-load="openModal = true">{}</a>',
        address,
        address,
        text,
    )


def _row(self: Any, request: HttpRequest, object_id: str) -> Model:
    row: Model | None = self.get_object(request, object_id)
    if row is None or not self.has_view_permission(request, row):
        raise Http404
    return row


def _asked(
    self: Any, request: HttpRequest, row: Model, act: Act, asks: Dialog, label: str, guard: Guard | None
) -> HttpResponse:
    first = asks.first(row) if asks.first else None
    if asks.first_for:
        first = (first or {}) | asks.first_for(row, person(request))
    form = asks.form(data=request.POST if request.method == "POST" else None, initial=first)
    refused: Refused | None = None
    if request.method == "POST" and form.is_valid():
        try:
            outcome = act(self, request, row, form.cleaned_data)
        except Refused as refusal:
            refused = refusal
            form.add_error(None, str(refusal))
        else:
            return outcome if isinstance(outcome, HttpResponse) else _gone_on(request, row, outcome)
    elif request.method == "POST" and (refused := refusal_of(guard, row, person(request))):
        form.add_error(None, str(refused))
    shown = {"form": form, "asks": _told(asks, row), "presses": asks.submit or label}
    also = asks.also(row, form, refused) if asks.also else {}
    return dialog_page(self, request, row, shown | also, template=asks.template)


def _told(asks: Dialog, row: Model) -> dict[str, Any]:
    def told(said: Said) -> str:
        return said if isinstance(said, str) else said(row)

    return {"title": told(asks.title), "says": told(asks.says), "is_dangerous": asks.is_dangerous}


def dialog_page(
    self: Any, request: HttpRequest, row: Model, context: dict[str, Any], template: str = "core/dialog.html"
) -> HttpResponse:
    """The dialog as a complete admin page, not cached by browsers."""
    page = {
        **self.admin_site.each_context(request),
        "opts": self.opts,
        "original": row,
        "title": str(row),
        "back": address_of(row),
        **context,
    }
    return render(request, template, page)


def _gone_on(request: HttpRequest, row: Model, done: Done) -> HttpResponse:
    messages.add_message(request, done.level, done.message)
    address = done.address or address_of(row)
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Redirect": address})
    return HttpResponseRedirect(address)
