"""The pages of API keys and signing secrets, with rotation and revocation."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.timezone import now
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.enums import ActionVariant

from billing_engine.core.admin_kit.cells import address_of
from billing_engine.core.admin_kit.dialogs import Dialog, Done, button, person
from billing_engine.core.admin_kit.pages import ReadOnlyPage
from leads.admin.credentials.columns import KEY, MODE, SCOPES, SECRET, USED_FROM, ShownCredential
from leads.admin.credentials.forms import WithOverlap, WithScopes, WithSecretAndOverlap, after_overlap
from leads.admin.credentials.shown_once import end_of, new_key_page, new_secret_page
from leads.domain.credentials.api_keys import revoke_key, rotate_key, set_scopes
from leads.domain.credentials.lifetime import revoke
from leads.domain.credentials.signatures import rotate_secret
from leads.models import ApiKey, SigningSecret


class CredentialPage(ShownCredential, ReadOnlyPage[Any]):
    """A page that is reached from the source, not from the menu."""

    list_display: Any = ("shown", "shown_source", "state", "created", "last_used")
    list_filter: Any = (("source", AutocompleteSelectFilter),)
    related = ("source", "created_by")
    ordering = ("-pk",)
    fields: Any = ("shown_source", "shown", "state", "created", "creator", "last_used", "ended")
    actions_detail: Any = ("rotate", "revoke")


@admin.register(ApiKey)
class ApiKeyAdmin(CredentialPage):
    list_display = ("shown", "shown_source", "mode", "state", "created", "last_used")
    fields = (*CredentialPage.fields, "mode", "shown_scopes", "addresses")
    actions_detail = ("access", *CredentialPage.actions_detail)
    shown = KEY
    mode = MODE
    shown_scopes = SCOPES
    addresses = USED_FROM

    @button(
        "Change access",
        permission="leads.change_apikey",
        icon="visibility",
        offered=lambda key: key.is_usable(now()),
        asks=Dialog(
            title=lambda key: f"What may requests with lbe_{key.prefix}_… do?",
            says="Requests for anything else are refused. It applies from the next request.",
            submit="Save",
            form=WithScopes,
            first=lambda key: {"scopes": key.scopes},
        ),
    )
    def access(self, request: HttpRequest, key: ApiKey, answers: dict[str, Any]) -> Done:
        set_scopes(key, map(ApiKey.Scope, answers["scopes"]), by=person(request), at=now())
        return Done("Saved. It applies from the next request.")

    @button(
        "Rotate",
        permission="leads.add_apikey",
        icon="autorenew",
        offered=lambda key: key.is_usable(now()),
        asks=Dialog(
            title=lambda key: f"Rotate the key lbe_{key.prefix}_…?",
            says="A new key is created and shown once. Both keys are valid until the time you choose, then only the new one.",
            submit="Create new key",
            form=WithOverlap,
            first=after_overlap,
        ),
    )
    def rotate(self, request: HttpRequest, key: ApiKey, answers: dict[str, Any]) -> HttpResponse:
        new, plaintext = rotate_key(key, until=answers["until"], by=person(request), at=now())
        return new_key_page(self, request, new, plaintext, old=f"lbe_{key.prefix}_…", until=end_of(key))

    @button(
        "Revoke",
        permission="leads.change_apikey",
        icon="key_off",
        variant=ActionVariant.DANGER,
        offered=lambda key: key.is_usable(now()),
        asks=Dialog(
            title=lambda key: f"Revoke the key lbe_{key.prefix}_…?",
            says=lambda key: (
                f"Requests of {key.source} with this key are refused from now on. You can't undo this, but you can create"
                " a new key."
            ),
            is_dangerous=True,
        ),
    )
    def revoke(self, request: HttpRequest, key: ApiKey, answers: dict[str, Any]) -> Done:
        revoke_key(key, by=person(request), at=now())
        return Done(f"The key lbe_{key.prefix}_… is revoked.", address_of(key.source))


@admin.register(SigningSecret)
class SigningSecretAdmin(CredentialPage):
    shown = SECRET

    @button(
        "Rotate",
        permission="leads.add_signingsecret",
        icon="autorenew",
        offered=lambda secret: secret.is_usable(now()),
        asks=Dialog(
            title=lambda secret: f"Rotate the secret {secret.hint}…?",
            says="A new secret is created and shown once. Both are valid until the time you choose, then only the new one.",
            submit="Create new secret",
            form=WithSecretAndOverlap,
            first=after_overlap,
        ),
    )
    def rotate(self, request: HttpRequest, secret: SigningSecret, answers: dict[str, Any]) -> HttpResponse:
        _, plaintext = rotate_secret(
            secret, until=answers["until"], by=person(request), at=now(), given=answers["given"]
        )
        return new_secret_page(self, request, secret.source, plaintext, old=f"{secret.hint}…", until=end_of(secret))

    @button(
        "Revoke",
        permission="leads.change_signingsecret",
        icon="key_off",
        variant=ActionVariant.DANGER,
        offered=lambda secret: secret.is_usable(now()),
        asks=Dialog(
            title=lambda secret: f"Revoke the secret {secret.hint}…?",
            says=lambda secret: (
                f"Deliveries of {secret.source} signed with this secret are refused from now on. You can't undo this."
            ),
            is_dangerous=True,
        ),
    )
    def revoke(self, request: HttpRequest, secret: SigningSecret, answers: dict[str, Any]) -> Done:
        revoke(secret, by=person(request), at=now())
        return Done(f"The secret {secret.hint}… is revoked.", address_of(secret.source))
