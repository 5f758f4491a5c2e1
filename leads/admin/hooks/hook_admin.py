"""The pages of inbound webhooks: their refused calls, another secret, rotation and revocation."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.timezone import now
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter
from unfold.enums import ActionVariant

from billing_engine.core.admin_kit.cells import address_of
from billing_engine.core.admin_kit.dialogs import Dialog, Done, button, person
from leads.admin.credentials.credential_admin import CredentialPage
from leads.admin.credentials.forms import WithOverlap, after_overlap
from leads.admin.credentials.shown_once import end_of
from leads.admin.hooks.forms import FetchToken, WithNewSecret
from leads.admin.hooks.rows import ADDRESS, FETCHES, REFUSED, SENDER, FetchRows, RefusalRows, with_refusals
from leads.admin.hooks.shown_once import new_address_page
from leads.domain.credentials.lifetime import revoke
from leads.domain.hooks.addresses import change_hook_secret, rotate_hook
from leads.domain.hooks.fetch import change_fetch_token, fetch_again, given_up
from leads.domain.hooks.kinds.registry import kind_of
from leads.models import Hook


@admin.register(Hook)
class HookAdmin(CredentialPage):
    list_display = ("shown", "sender", "shown_source", "state", "created", "last_used", "refused")
    list_filter = (("kind", ChoicesDropdownFilter), ("source", AutocompleteSelectFilter))
    fields = ("shown_source", "sender", "shown", "state", "created", "creator", "last_used", "fetching", "ended")
    actions_detail = ("token", "fetch", "secret", "rotate", "revoke")
    inlines = (FetchRows, RefusalRows)
    nothing_yet = "No webhooks yet. Create one on the page of a source."

    sender = SENDER
    shown = ADDRESS
    refused = REFUSED
    fetching = FETCHES

    def get_queryset(self, request: HttpRequest) -> Any:
        return with_refusals(super().get_queryset(request))

    @button(
        "Access token",
        permission="leads.change_hook",
        icon="cloud_download",
        offered=lambda hook: bool(kind_of(hook).token_label) and hook.is_usable(now()),
        asks=Dialog(
            title=lambda hook: f"Fetch names and contacts from {hook.get_kind_display()}?",
            says="This sender tells only the ID of a lead. With a token, its fields are fetched before it is stored. The token"
            " is stored encrypted and not shown again.",
            submit="Save token",
            form=FetchToken,
        ),
    )
    def token(self, request: HttpRequest, hook: Hook, answers: dict[str, Any]) -> Done:
        count = change_fetch_token(hook, given=answers["given"], by=person(request), at=now())
        if not answers["given"]:
            return Done("Fields are no longer fetched.")
        return Done(f"The token is saved. Leads that are fetched again: {count:,}.")

    @button(
        "Fetch again",
        permission="leads.change_hook",
        icon="refresh",
        offered=lambda hook: bool(hook.fetch_sealed) and given_up(hook).exists(),
        asks=Dialog(
            title=lambda hook: f"Fetch again what {hook.get_kind_display()} did not hand out?",
            says=lambda hook: f"Leads without their fields: {given_up(hook).count():,}.",
            submit="Fetch again",
        ),
    )
    def fetch(self, request: HttpRequest, hook: Hook, answers: dict[str, Any]) -> Done:
        return Done(f"Leads that are fetched again: {fetch_again(hook, by=person(request), at=now()):,}.")

    @button(
        "Change secret",
        permission="leads.change_hook",
        icon="key",
        offered=lambda hook: hook.is_usable(now()),
        asks=Dialog(
            title=lambda hook: f"Change the secret of {hook}?",
            says="The address stays. Calls signed with the old secret are accepted until the time you choose.",
            submit="Change secret",
            form=WithNewSecret,
            first=after_overlap,
        ),
    )
    def secret(self, request: HttpRequest, hook: Hook, answers: dict[str, Any]) -> HttpResponse | Done:
        new = change_hook_secret(hook, given=answers["given"], until=answers["until"], by=person(request), at=now())
        return new_address_page(self, request, new) if new.secret else Done("The new secret is in use.")

    @button(
        "Rotate",
        permission="leads.add_hook",
        icon="autorenew",
        offered=lambda hook: hook.is_usable(now()),
        asks=Dialog(
            title=lambda hook: f"Rotate the address of {hook}?",
            says="A new address is created and shown once. Both are valid until the time you choose, then only the new one."
            " The secret stays.",
            submit="Create new address",
            form=WithOverlap,
            first=after_overlap,
        ),
    )
    def rotate(self, request: HttpRequest, hook: Hook, answers: dict[str, Any]) -> HttpResponse:
        new = rotate_hook(hook, until=answers["until"], by=person(request), at=now())
        return new_address_page(self, request, new, old=f"…/{Hook.MARK}_{hook.prefix}_…", until=end_of(hook))

    @button(
        "Revoke",
        permission="leads.change_hook",
        icon="key_off",
        variant=ActionVariant.DANGER,
        offered=lambda hook: hook.is_usable(now()),
        asks=Dialog(
            title=lambda hook: f"Revoke the address of {hook}?",
            says=lambda hook: (
                f"What {hook.get_kind_display()} sends to this address for {hook.source} is refused from now on. You can't"
                " undo this, but you can create a new address."
            ),
            is_dangerous=True,
        ),
    )
    def revoke(self, request: HttpRequest, hook: Hook, answers: dict[str, Any]) -> Done:
        revoke(hook, by=person(request), at=now())
        return Done(f"The address of {hook} is revoked.", address_of(hook.source))
