"""A button above a list that opens a form, as a dialog or as a page."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from unfold.decorators import action
from unfold.enums import ActionVariant

from billing_engine.core.errors import Refused

Act = Callable[[HttpRequest, dict[str, Any]], str]  # returns where to go next


def list_dialog(
    label: str, act: Act, *, form: type[forms.Form], says: str, permission: str, icon: str, presses: str, back: str
) -> Any:
    """Return the button; its form is shown with what the domain refuses."""

    def view(self: Any, request: HttpRequest) -> HttpResponse:
        if not request.user.has_perm(permission):
            raise PermissionDenied
        bound = form(data=request.POST if request.method == "POST" else None)
        if request.method == "POST" and bound.is_valid():
            try:
                address = act(request, bound.cleaned_data)
            except Refused as refusal:
                bound.add_error(None, str(refusal))
            else:
                if request.headers.get("HX-Request"):
                    return HttpResponse(headers={"HX-Redirect": address})
                return HttpResponseRedirect(address)
        page = {"opts": self.opts, "title": label, "back": reverse(back), "asks": {"title": label, "says": says}}
        page |= {"form": bound, "presses": presses}
        return render(request, "core/dialog.html", {**self.admin_site.each_context(request), **page})

    name = label.lower().replace(" ", "-")
    view.__name__ = name.replace("-", "_")
    made: Any = action(description=label, icon=icon, variant=ActionVariant.PRIMARY, url_path=name)(view)
    made.needs = permission
    made.dialog = {"title": label}
    return made
