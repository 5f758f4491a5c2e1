"""The keys and secrets on the page of a source."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import now

from billing_engine.core.admin_kit.cells import together
from billing_engine.core.admin_kit.dialogs import dialog_link
from billing_engine.core.admin_kit.pages import ReadOnlyRows
from leads.admin.credentials.columns import LINKED_KEY, MODE, SCOPES, SECRET, ShownCredential
from leads.models import ApiKey, SigningSecret


class CredentialRows(ShownCredential, ReadOnlyRows):
    """A source's keys or secrets, each with its buttons."""

    fields: tuple[str, ...] = ("shown", "state", "created", "creator", "last_used", "ended", "buttons")
    related = ("created_by",)
    ordering = ("-pk",)
    pages = ""  # the beginning of the URL names of its buttons
    links: tuple[str, ...] = ("Rotate", "Revoke")

    def get_queryset(self, request: HttpRequest) -> Any:
        self.may_change = request.user.has_perm(f"leads.change_{self.model._meta.model_name}")
        return super().get_queryset(request)

    @admin.display(description="")
    def buttons(self, one: Any) -> SafeString | str:
        if not self.may_change or not one.is_usable(now()):
            return "\u00a0"  # "" would be shown as a dash
        addresses = {name: reverse(f"admin:{self.pages}_{name.lower()}", args=[one.pk]) for name in self.links}
        links = [dialog_link(address, name) for name, address in addresses.items()]
        return format_html('<span class="lb-links">{}</span>', together(links))


class ApiKeyRows(CredentialRows):
    model = ApiKey
    verbose_name_plural = "API keys"
    pages = "leads_apikey"
    links = ("Access", "Rotate", "Revoke")
    fields = ("shown", "mode", "shown_scopes", "state", "last_used", "buttons")  # the others are on its page

    shown = LINKED_KEY
    mode = MODE
    shown_scopes = SCOPES


class SigningSecretRows(CredentialRows):
    model = SigningSecret
    verbose_name_plural = "Signing secrets"
    pages = "leads_signingsecret"

    shown = SECRET
