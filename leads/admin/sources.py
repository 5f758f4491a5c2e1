"""The pages of sources."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.timezone import now
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import action
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminSelect2Widget, UnfoldAdminSelectWidget

from billing_engine.core.admin_kit.cells import active, link, link_to, list_of, shortened
from billing_engine.core.admin_kit.columns import column
from billing_engine.core.admin_kit.dialogs import Dialog, Done, button, person
from billing_engine.core.admin_kit.faults import tell, understood
from billing_engine.core.countries import countries
from leads.admin.credentials.forms import NewKey, WithSecret, scopes_of_a_new_key
from leads.admin.credentials.rows import ApiKeyRows, SigningSecretRows
from leads.admin.credentials.shown_once import new_key_page, new_secret_page
from leads.admin.facts import ChangeOfFacts, FactFilter, FactRows, FactsPage, change_button
from leads.admin.hooks.forms import NewHook
from leads.admin.hooks.rows import HookRows
from leads.admin.hooks.shown_once import new_address_page
from leads.admin.imports.upload_page import ADD as ADD_IMPORT
from leads.domain.catalog.sources import code_faults, save_source, signature_faults
from leads.domain.credentials.api_keys import create_key, usable_keys
from leads.domain.credentials.signatures import create_secret
from leads.domain.hooks.addresses import create_hook
from leads.domain.quarantine.cleared_tests import MOST_ACTIONS, MOST_ITEMS, clear_tests, has_tests, to_clear
from leads.models import ApiKey, Channel, Hook, Source, SourceRevision


class SourceForm(forms.ModelForm[Source]):
    """A source, with its code in lowercase."""

    default_country = forms.ChoiceField(
        required=False,
        label="Default country",
        choices=lambda: [("", "–"), *sorted(countries().items(), key=lambda each: each[1])],
        widget=UnfoldAdminSelect2Widget,
        help_text="The country of phone numbers without a country code, if the lead names none.",
    )

    class Meta:
        model = Source
        fields = (
            "name",
            "code",
            "is_active",
            "requests_per_minute",
            "signature_required",
            "customer",
            "new_products",
            "default_country",
            "wait_hours",
            "keep_bodies_days",
            "keep_contacts_days",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "requests_per_minute" in self.fields:  # absent for users who may only view
            usual = settings.REQUESTS_PER_MINUTE
            default = f"{usual:,}" if usual else "no limit"
            self.fields["requests_per_minute"].help_text = f"All API keys together. Empty: {default}. 0: no limit."

    def clean_code(self) -> str:
        return str(self.cleaned_data["code"]).lower()

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        source = understood(Source, given, "code", "signature_required", pk=self.instance.pk)
        tell(self, [*(code_faults(source) if "code" in given else ()), *signature_faults(source, at=now())])
        return given


def _what_is_cleared(source: Source) -> str:
    """Say how much is cleared, and what is not."""
    found = to_clear(source)
    words = (
        "Actions of test leads are voided, and what test keys left in quarantine is discarded. Nothing is deleted, and you"
        f" can't undo this. Test leads: {found.leads:,}. Their actions: {found.actions:,}. Quarantined items: {found.items:,}."
    )
    if found.billed:
        words += f" Actions that stay, because their billing period is closed: {found.billed:,}."
    if found.actions > MOST_ACTIONS or found.items > MOST_ITEMS:
        words += f" At most {MOST_ACTIONS:,} actions and {MOST_ITEMS:,} items at once: press again for the rest."
    return words


def channel_field() -> forms.ChoiceField:
    """One of the kinds of places a lead comes from."""
    return forms.ChoiceField(
        choices=[("", "–"), *Channel.choices],
        widget=UnfoldAdminSelectWidget,
        help_text="Price rules can depend on it.",
    )


class NewSourceForm(SourceForm):
    """A new source with its first channel."""

    channel = channel_field()


class ChangeOfChannel(ChangeOfFacts):
    """Another channel from a first day on."""

    channel = channel_field()
    field_order = ("channel", "first_day", "reason")


class SourceFacts(FactRows):
    model = SourceRevision
    verbose_name_plural = "channel"


class ChannelFilter(FactFilter):
    """Filters sources by their channel of today."""

    title = "channel"
    parameter_name = "channel"

    @staticmethod
    def offered() -> list[tuple[str, str]]:
        return list(Channel.choices)


@admin.register(Source)
class SourceAdmin(FactsPage[Source]):
    form = SourceForm
    new_form = NewSourceForm
    fact_rows = SourceFacts
    list_display = ("shown_name", "code", "shown_channel", "state", "shown_customer", "new_products", "deliveries")
    list_filter = ("is_active", ChannelFilter, ("customer", AutocompleteSelectFilter))
    related = ("customer",)
    search_fields = ("code__istartswith", "name")
    search_help_text = "Code or name"
    ordering = ("name",)
    autocomplete_fields = ("customer",)
    inlines = (ApiKeyRows, HookRows, SigningSecretRows)
    actions_detail = ("change_facts", "new_key", "new_hook", "new_secret", "import_file", "clear_tests")
    change_form_outer_before_template = "leads/source_top.html"
    fieldsets = (
        (None, {"fields": (("name", "code"), "is_active")}),
        ("Security", {"fields": ("requests_per_minute", "signature_required")}),
        ("Leads", {"fields": ("customer", "new_products", "default_country", "wait_hours")}),
        ("Retention (days)", {"fields": (("keep_bodies_days", "keep_contacts_days"),)}),
    )

    new_fieldsets = ((None, {"fields": (("name", "code"), "channel", "is_active")}), *fieldsets[1:])

    shown_name = column(shortened, "name", title="name", order="name")
    shown_channel = column(lambda channel: Channel(channel).label, "channel", title="channel", order="channel")
    state = column(active, "is_active", title="state", order="is_active")
    shown_customer = column(link, "customer", title="customer", order="customer__name", empty="named by each lead")
    deliveries = column(
        lambda source: link_to(list_of("leads.delivery", source__id__exact=source.pk), "Deliveries"), title=""
    )

    def save_model(self, request: HttpRequest, obj: Source, form: Any, change: bool) -> None:  # noqa: FBT001 -- Django's
        save_source(obj, facts=self.first_facts(form), by=person(request), at=now())

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """The page, which names the keys that send only tests."""
        source = self.get_object(request, object_id) if object_id else None
        keys = usable_keys(source, at=now()).filter(is_test=True) if source else ()
        return super().changeform_view(request, object_id, form_url, {"test_keys": list(keys)} | (extra_context or {}))

    change_facts = change_button("Change channel", permission="leads.change_source", form=ChangeOfChannel)

    @button(
        "New API key",
        permission="leads.add_apikey",
        icon="key",
        variant=ActionVariant.PRIMARY,
        offered=lambda source: source.is_active,
        asks=Dialog(
            title="Create an API key?",
            says=lambda source: (
                f"Anyone who has the key can do this as {source}. The full key is shown only once, in the next step."
                " Have a safe place ready to store it."
            ),
            submit="Create key",
            form=NewKey,
            first=scopes_of_a_new_key,
        ),
    )
    def new_key(self, request: HttpRequest, source: Source, answers: dict[str, Any]) -> HttpResponse:
        key, plaintext = create_key(
            source,
            by=person(request),
            expires_at=answers["end"],
            at=now(),
            scopes=map(ApiKey.Scope, answers["scopes"]),
            is_test=answers["is_test"],
        )
        return new_key_page(self, request, key, plaintext)

    @button(
        "New webhook",
        permission="leads.add_hook",
        icon="webhook",
        offered=lambda source: source.is_active,
        asks=Dialog(
            title="Create an address for a sender’s webhook?",
            says=lambda source: (
                f"The sender posts to this address in its own form, and its leads are stored as leads of {source}. The address"
                " is shown only once, in the next step, with what to do in the sender’s tool."
            ),
            submit="Create address",
            form=NewHook,
        ),
    )
    def new_hook(self, request: HttpRequest, source: Source, answers: dict[str, Any]) -> HttpResponse:
        kind = Hook.Kind(answers["kind"])
        new = create_hook(source, kind=kind, given=answers["given"], by=person(request))
        return new_address_page(self, request, new)

    @button(
        "New signing secret",
        permission="leads.add_signingsecret",
        icon="signature",
        offered=lambda source: source.is_active,
        asks=Dialog(
            title="Create a signing secret?",
            says=lambda source: (
                f"{source} signs its deliveries with it (Standard Webhooks). From now on, invalid signatures are refused."
                " Unsigned deliveries are refused only if a signature is required."
            ),
            submit="Create secret",
            form=WithSecret,
        ),
    )
    def new_secret(self, request: HttpRequest, source: Source, answers: dict[str, Any]) -> HttpResponse:
        _, plaintext = create_secret(source, by=person(request), given=answers["given"])
        return new_secret_page(self, request, source, plaintext)

    @action(description="Import file", icon="upload")
    def import_file(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The page where a file of this source is uploaded."""
        source = self.visible(request, object_id)
        return HttpResponseRedirect(f"{reverse('admin:leads_fileimport_upload')}?source={source.pk}")

    import_file.needs = ADD_IMPORT
    import_file.offered = lambda source: source.is_active

    @button(
        "Clear test leads",
        permission="leads.change_action",
        icon="mop",
        variant=ActionVariant.DANGER,
        offered=has_tests,
        asks=Dialog(
            title=lambda source: f"Clear the test leads of {source}?",
            says=_what_is_cleared,
            submit="Clear test leads",
            is_dangerous=True,
        ),
    )
    def clear_tests(self, request: HttpRequest, source: Source, answers: dict[str, Any]) -> Done:
        done = clear_tests(source, by=person(request), at=now())
        return Done(f"Actions voided: {done.actions:,}. Discarded from quarantine: {done.items:,}.")
