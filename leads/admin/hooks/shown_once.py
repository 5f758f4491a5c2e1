"""The page that shows a new address, and a secret that we created, once."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse

from billing_engine.core.admin_kit.dialogs import dialog_page
from leads.domain.hooks.addresses import NewAddress
from leads.domain.hooks.kinds.registry import kind_of


def new_address_page(
    page: Any, request: HttpRequest, new: NewAddress, *, old: str = "", until: datetime | None = None
) -> HttpResponse:
    """Show what is new, for the only time, and what to do with it in the sender's tool."""
    hook, kind = new.hook, kind_of(new.hook)
    base = f"{request.scheme}://{request.get_host()}/api/v1/hooks/{hook.source.code}/"
    shown: dict[str, Any] = {
        "title": f"{hook.get_kind_display()} webhook of {hook.source}",
        "plaintext": f"{base}{new.token}" if new.token else new.secret,
        "secret": new.secret if new.token else "",
        "label": "Address" if new.token else kind.secret_label,
        "secret_label": kind.secret_label,
        "steps": kind.steps if new.token else (),
        "old": old,
        "until": until,
    }
    return dialog_page(page, request, hook.source, shown, template="leads/new_hook.html")
