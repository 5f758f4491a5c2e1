"""How sources prove themselves: API keys and signing secrets, each shown once, rotated with an overlap, revoked at once."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import now
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminTextInputWidget

from billing_engine.core.admin_kit.cells import NOTHING, chip, code, instant, link, together
from billing_engine.core.admin_kit.dialogs import Dialog, Done, button, dialog_link, dialog_page, page_of, person
from billing_engine.core.admin_kit.pages import ReadOnlyPage, ReadOnlyRows
from leads.domain.credentials.api_keys import revoke_key, rotate_key
from leads.domain.credentials.lifetime import revoke
from leads.domain.credentials.signatures import rotate_secret
from leads.models import ActionType, ApiKey, Product, SigningSecret, Source

OVERLAP = timedelta(days=7)
SOON = timedelta(days=14)
TYPED = "%Y-%m-%dT%H:%M"


def instant_field(label: str, help_text: str, *, required: bool = True) -> forms.DateTimeField:
    """A date and a time, picked with the browser's own calendar."""
    widget = UnfoldAdminTextInputWidget({"type": "datetime-local"})
    widget.input_type = "datetime-local"
    return forms.DateTimeField(
        label=label, help_text=help_text, required=required, input_formats=[TYPED, "%Y-%m-%dT%H:%M:%S"], widget=widget
    )


class WithEnd(forms.Form):
    """When a new key ends by itself."""

    end = instant_field("Expires", "UTC. Leave empty for a key that is good until it is revoked.", required=False)


class WithOverlap(forms.Form):
    """How long what is replaced stays good."""

    until = instant_field("The old one stays good until", "UTC. It is shown on the source's page.")


class WithSecret(forms.Form):
    """A secret that the sender's system has made, where it has."""

    given = forms.CharField(
        label="Secret of the sender",
        required=False,
        max_length=200,
        help_text="Where the sender's system made one (whsec_…). Leave empty, and one is made here.",
        widget=UnfoldAdminTextInputWidget({"autocomplete": "off"}),
    )


class WithSecretAndOverlap(WithSecret, WithOverlap):
    """Both."""


def after_overlap(_: object) -> dict[str, Any]:
    """What the form proposes."""
    return {"until": (now() + OVERLAP).astimezone(UTC).strftime(TYPED)}


def state_of(one: ApiKey | SigningSecret) -> SafeString:
    """Whether it opens the door, and how long still."""
    at = now()
    if one.revoked_at:
        return chip("Revoked", "red")
    if one.expires_at is None:
        return chip("Active", "green")
    if one.expires_at <= at:
        return chip("Expired", "red")
    return chip(f"Expires in {_in_short(one.expires_at - at)}", "orange" if one.expires_at - at < SOON else "green")


def _in_short(left: timedelta) -> str:
    minutes = max(1, round(left / timedelta(minutes=1)))
    if minutes < 120:
        return f"{minutes} min"
    hours = round(minutes / 60)
    return f"{hours} hours" if hours < 48 else f"{round(hours / 24)} days"


class CredentialRows(ReadOnlyRows):
    """A source's keys or secrets; the secret part is shown nowhere."""

    hide_title = True
    fields = ("shown", "state", "created", "creator", "last_used", "ended", "buttons")
    readonly_fields = fields
    ordering = ("-pk",)
    pages = ""  # how the addresses of its buttons begin

    def get_queryset(self, request: HttpRequest) -> Any:
        self.may_change = request.user.has_perm(f"leads.change_{self.model._meta.model_name}")
        return super().get_queryset(request).select_related("created_by")

    @admin.display(description="state")
    def state(self, one: Any) -> SafeString:
        return state_of(one)

    @admin.display(description="created")
    def created(self, one: Any) -> SafeString | str:
        return instant(one.created_at)

    @admin.display(description="by")
    def creator(self, one: Any) -> str:
        return str(one.created_by or NOTHING)

    @admin.display(description="last used")
    def last_used(self, one: Any) -> SafeString | str:
        return instant(one.last_used_at) if one.last_used_at else "never"

    @admin.display(description="ends, or ended")
    def ended(self, one: Any) -> SafeString | str:
        return instant(one.revoked_at or one.expires_at)

    @admin.display(description="")
    def buttons(self, one: Any) -> SafeString | str:
        if not self.may_change or not one.is_good(now()):
            return "\u00a0"  # "" would be shown as a dash
        addresses = {
            name: reverse(f"admin:{self.pages}_{name.lower()}", args=[one.pk]) for name in ("Rotate", "Revoke")
        }
        links = [dialog_link(address, name) for name, address in addresses.items()]
        return format_html('<span class="lb-links">{}</span>', together(links))


class ApiKeyRows(CredentialRows):
    model = ApiKey
    verbose_name_plural = "API keys"
    pages = "leads_apikey"

    @admin.display(description="key")
    def shown(self, key: ApiKey) -> SafeString | str:
        return code(f"lbe_{key.prefix}_…")


class SigningSecretRows(CredentialRows):
    model = SigningSecret
    verbose_name_plural = "Signing secrets"
    pages = "leads_signingsecret"

    @admin.display(description="secret")
    def shown(self, secret: SigningSecret) -> SafeString | str:
        return code(f"{secret.hint}…")


class CredentialPage(ReadOnlyPage[Any]):
    """Reached from its source; not in the menu."""

    list_display: tuple[str, ...] = ("shown", "shown_source", "state", "created", "last_used")
    list_select_related = ("source",)
    list_filter = (("source", AutocompleteSelectFilter),)
    ordering = ("-pk",)
    fields = ("shown_source", "shown", "state", "created", "creator", "last_used", "ended")
    readonly_fields = fields
    actions_detail = ("rotate", "revoke")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("source", "created_by")

    @admin.display(description="source")
    def shown_source(self, one: Any) -> SafeString | str:
        return link(one.source)

    @admin.display(description="state")
    def state(self, one: Any) -> SafeString:
        return state_of(one)

    @admin.display(description="created", ordering="created_at")
    def created(self, one: Any) -> SafeString | str:
        return instant(one.created_at)

    @admin.display(description="by")
    def creator(self, one: Any) -> str:
        return str(one.created_by or NOTHING)

    @admin.display(description="last used", ordering="last_used_at")
    def last_used(self, one: Any) -> SafeString | str:
        return instant(one.last_used_at) if one.last_used_at else "never"

    @admin.display(description="ends, or ended")
    def ended(self, one: Any) -> SafeString | str:
        return instant(one.revoked_at or one.expires_at)


@admin.register(ApiKey)
class ApiKeyAdmin(CredentialPage):
    @button(
        "Rotate",
        permission="leads.add_apikey",
        icon="autorenew",
        offered=lambda key: key.is_good(now()),
        asks=Dialog(
            title=lambda key: f"Rotate the key lbe_{key.prefix}_…?",
            says="A new key is made and shown once. Both open the door until the time you choose; then only the new one.",
            submit="Make the new key",
            form=WithOverlap,
            first=after_overlap,
        ),
    )
    def rotate(self, request: HttpRequest, key: ApiKey, answers: dict[str, Any]) -> HttpResponse:
        _, whole = rotate_key(key, until=answers["until"], by=person(request), at=now())
        return new_key_page(self, request, key.source, whole, old=f"lbe_{key.prefix}_…", until=_end(key))

    @button(
        "Revoke",
        permission="leads.change_apikey",
        icon="key_off",
        variant=ActionVariant.DANGER,
        offered=lambda key: key.is_good(now()),
        asks=Dialog(
            title=lambda key: f"Revoke the key lbe_{key.prefix}_…?",
            says=lambda key: (
                f"From the next request on «{key.source}» is refused with it. That cannot be undone; a new key can be made."
            ),
            is_dangerous=True,
        ),
    )
    def revoke(self, request: HttpRequest, key: ApiKey, answers: dict[str, Any]) -> Done:
        revoke_key(key, at=now())
        return Done(f"The key lbe_{key.prefix}_… is revoked.", page_of(key.source))

    @admin.display(description="key")
    def shown(self, key: ApiKey) -> SafeString | str:
        return code(f"lbe_{key.prefix}_…")


@admin.register(SigningSecret)
class SigningSecretAdmin(CredentialPage):
    @button(
        "Rotate",
        permission="leads.add_signingsecret",
        icon="autorenew",
        offered=lambda secret: secret.is_good(now()),
        asks=Dialog(
            title=lambda secret: f"Rotate the secret {secret.hint}…?",
            says="A new secret is made and shown once. Signatures by either fit until the time you choose; then by the new one.",
            submit="Make the new secret",
            form=WithSecretAndOverlap,
            first=after_overlap,
        ),
    )
    def rotate(self, request: HttpRequest, secret: SigningSecret, answers: dict[str, Any]) -> HttpResponse:
        _, whole = rotate_secret(secret, until=answers["until"], by=person(request), at=now(), given=answers["given"])
        return new_secret_page(self, request, secret.source, whole, old=f"{secret.hint}…", until=_end(secret))

    @button(
        "Revoke",
        permission="leads.change_signingsecret",
        icon="key_off",
        variant=ActionVariant.DANGER,
        offered=lambda secret: secret.is_good(now()),
        asks=Dialog(
            title=lambda secret: f"Revoke the secret {secret.hint}…?",
            says=lambda secret: (
                f"From the next request on no signature by it fits; «{secret.source}» is refused if it has no other."
            ),
            is_dangerous=True,
        ),
    )
    def revoke(self, request: HttpRequest, secret: SigningSecret, answers: dict[str, Any]) -> Done:
        revoke(secret, at=now())
        return Done(f"The secret {secret.hint}… is revoked.", page_of(secret.source))

    @admin.display(description="secret")
    def shown(self, secret: SigningSecret) -> SafeString | str:
        return code(f"{secret.hint}…")


def new_key_page(
    page: Any, request: HttpRequest, source: Source, whole: str, *, old: str = "", until: datetime | None = None
) -> HttpResponse:
    """The only time a key is shown."""
    address = f"{request.scheme}://{request.get_host()}/api/v1/deliveries"
    shown: dict[str, Any] = {
        "title": f"The new key of {source}",
        "whole": whole,
        "label": "API key",
        "address": address,
    }
    shown |= {"old": old, "until": until, "example": _example(source)}
    return dialog_page(page, request, source, shown, template="leads/new_key.html")


def _example(source: Source) -> dict[str, str]:
    """What a test may name, so that it can be pasted as it is; stand-ins where there is nothing yet."""
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
    """A JSON text within the single quotes of a shell."""
    return json.dumps(text, ensure_ascii=False).replace("'", "'\\''")


def new_secret_page(
    page: Any, request: HttpRequest, source: Source, whole: str, *, old: str = "", until: datetime | None = None
) -> HttpResponse:
    """The only time a signing secret is shown."""
    shown = {"title": f"The new signing secret of {source}", "whole": whole, "label": "Signing secret"}
    return dialog_page(page, request, source, shown | {"old": old, "until": until}, template="leads/new_key.html")


def _end(one: ApiKey | SigningSecret) -> datetime | None:
    one.refresh_from_db(fields=["expires_at", "revoked_at"])
    return one.revoked_at or one.expires_at
