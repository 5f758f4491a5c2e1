"""The pages of API keys and signing secrets: rotated with an overlap, revoked at once."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.timezone import now
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.enums import ActionVariant

from billing_engine.core.admin_kit.cells import address_of
from billing_engine.core.admin_kit.dialogs import Dialog, Done, button, person
from billing_engine.core.admin_kit.pages import ReadOnlyPage
from leads.admin.credentials.columns import KEY, SECRET, ShownCredential
from leads.admin.credentials.forms import WithOverlap, WithSecretAndOverlap, after_overlap
from leads.admin.credentials.shown_once import new_key_page, new_secret_page
from leads.domain.credentials.api_keys import revoke_key, rotate_key
from leads.domain.credentials.lifetime import revoke
from leads.domain.credentials.signatures import rotate_secret
from leads.models import ApiKey, SigningSecret


class CredentialPage(ShownCredential, ReadOnlyPage[Any]):
    """Reached from its source; not in the menu."""

    list_display = ("shown", "shown_source", "state", "created", "last_used")
    list_filter = (("source", AutocompleteSelectFilter),)
    related = ("source", "created_by")
    ordering = ("-pk",)
    fields = ("shown_source", "shown", "state", "created", "creator", "last_used", "ended")
    actions_detail = ("rotate", "revoke")


@admin.register(ApiKey)
class ApiKeyAdmin(CredentialPage):
    shown = KEY

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
        return Done(f"The key lbe_{key.prefix}_… is revoked.", address_of(key.source))


@admin.register(SigningSecret)
class SigningSecretAdmin(CredentialPage):
    shown = SECRET

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
        return Done(f"The secret {secret.hint}… is revoked.", address_of(secret.source))


def _end(one: ApiKey | SigningSecret) -> datetime | None:
    one.refresh_from_db(fields=["expires_at", "revoked_at"])
    return one.revoked_at or one.expires_at
