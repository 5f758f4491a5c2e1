"""The page that shows a new key or secret once."""

import json
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse

from billing_engine.core.admin_kit.dialogs import dialog_page
from leads.models import ActionType, ApiKey, Customer, Hook, Product, SigningSecret, Source


def new_key_page(
    page: Any, request: HttpRequest, key: ApiKey, plaintext: str, *, old: str = "", until: datetime | None = None
) -> HttpResponse:
    """Show a new API key, for the only time, with a request to try if it may send."""
    source = key.source
    address = f"{request.scheme}://{request.get_host()}/api/v1/deliveries" if key.may(ApiKey.Scope.SEND) else ""
    shown: dict[str, Any] = {
        "title": f"The new {'test ' if key.is_test else ''}key of {source}",
        "plaintext": plaintext,
        "label": "API key",
        "address": address,
    }
    shown |= {"old": old, "until": until, "example": _example(source)}
    return dialog_page(page, request, source, shown, template="leads/new_key.html")


def new_customer_key_page(page: Any, request: HttpRequest, customer: Customer, plaintext: str) -> HttpResponse:
    """Show a new API key of a customer, for the only time."""
    shown = {"title": f"The new key of {customer}", "plaintext": plaintext, "label": "API key"}
    return dialog_page(page, request, customer, shown, template="leads/new_key.html")


def end_of(one: ApiKey | SigningSecret | Hook) -> datetime | None:
    """Return when one that was replaced ends, as it was stored with its successor."""
    one.refresh_from_db(fields=["expires_at", "revoked_at"])
    return one.revoked_at or one.expires_at


def _example(source: Source) -> dict[str, str]:
    """Return values for a request that can be pasted as it is; placeholders if nothing exists yet."""
    whose = {"customer": source.customer_id} if source.customer_id else {}
    product = Product.objects.filter(**whose).select_related("customer").order_by("pk").first()
    kind = ActionType.objects.order_by("pk").first()
    named = {
        "sku": product.sku if product else "A-SKU",
        "customer": product.customer.code if product else "A-CUSTOMER",
        "type": kind.code if kind else "AN-ACTION-TYPE",
    }
    return {name: _for_shell(text) for name, text in named.items()}


def _for_shell(text: str) -> str:
    """Encode as JSON for use within single quotes of a shell."""
    return json.dumps(text, ensure_ascii=False).replace("'", "'\\''")


def new_secret_page(
    page: Any, request: HttpRequest, source: Source, plaintext: str, *, old: str = "", until: datetime | None = None
) -> HttpResponse:
    """Show a new signing secret, for the only time."""
    shown = {"title": f"The new signing secret of {source}", "plaintext": plaintext, "label": "Signing secret"}
    return dialog_page(page, request, source, shown | {"old": old, "until": until}, template="leads/new_key.html")
