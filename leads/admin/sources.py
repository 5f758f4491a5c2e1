"""Who sends leads, and the keys that let them."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.timezone import now
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminTextareaWidget

from leads.admin.bases import Page, ReadOnlyPage, ReadOnlyRows
from leads.admin.buttons import Dialog, Done, button, dialog_link, dialog_page, page_of, person
from leads.admin.shown import NOTHING, chip, code, instant, link, list_of, shortened, to
from leads.domain.keys import create_key, revoke_key
from leads.domain.periods import mark_open_periods
from leads.models import ApiKey, Source


class SourceForm(forms.ModelForm[Source]):
    """A source; its code in small letters."""

    class Meta:
        model = Source
        fields = ("name", "code", "channel", "is_active", "customer", "new_products", "field_mapping")
        widgets = {"field_mapping": UnfoldAdminTextareaWidget({"rows": 4, "class": "lb-key"})}

    def clean_code(self) -> str:
        lowered = str(self.cleaned_data["code"]).lower()
        if Source.objects.filter(code__iexact=lowered).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(f"There is a source {lowered} already.")
        return lowered


class ApiKeyRows(ReadOnlyRows):
    """A source's keys; the secret part is kept nowhere."""

    model = ApiKey
    verbose_name_plural = "API keys"
    hide_title = True
    fields = ("shown_prefix", "state", "created", "creator", "last_used", "revoke")
    readonly_fields = fields
    ordering = ("-pk",)

    def get_queryset(self, request: HttpRequest) -> Any:
        self.may_revoke = request.user.has_perm("leads.change_apikey")
        return super().get_queryset(request).select_related("created_by")

    @admin.display(description="key")
    def shown_prefix(self, key: ApiKey) -> SafeString | str:
        return code(f"lbe_{key.prefix}_…")

    @admin.display(description="state")
    def state(self, key: ApiKey) -> SafeString:
        return state_of(key)

    @admin.display(description="created")
    def created(self, key: ApiKey) -> SafeString | str:
        return instant(key.created_at)

    @admin.display(description="by")
    def creator(self, key: ApiKey) -> str:
        return str(key.created_by or NOTHING)

    @admin.display(description="last used")
    def last_used(self, key: ApiKey) -> SafeString | str:
        return instant(key.last_used_at) if key.last_used_at else "never"

    @admin.display(description="")
    def revoke(self, key: ApiKey) -> SafeString | str:
        if key.revoked_at:
            return instant(key.revoked_at)
        return dialog_link(reverse("admin:leads_apikey_revoke", args=[key.pk]), "Revoke") if self.may_revoke else ""


def state_of(key: ApiKey) -> SafeString:
    """Whether it opens the door."""
    return chip("Revoked", "red") if key.revoked_at else chip("Active", "green")


@admin.register(Source)
class SourceAdmin(Page[Source]):
    form = SourceForm
    list_display = ("shown_name", "code", "channel", "state", "shown_customer", "new_products", "deliveries")
    list_filter = ("is_active", ("channel", ChoicesDropdownFilter), ("customer", AutocompleteSelectFilter))
    list_select_related = ("customer",)
    search_fields = ("code__istartswith", "name")
    search_help_text = "Code or name"
    ordering = ("name",)
    autocomplete_fields = ("customer",)
    inlines = (ApiKeyRows,)
    actions_detail = ("new_key",)
    fieldsets = (
        (None, {"fields": (("name", "code"), "channel", "is_active")}),
        ("What its leads are about", {"fields": ("customer", "new_products")}),
        ("Imported files", {"fields": ("field_mapping",)}),
    )

    def get_inlines(self, request: HttpRequest, obj: Source | None) -> Any:
        return self.inlines if obj else ()

    def save_model(self, request: HttpRequest, obj: Source, form: Any, change: bool) -> None:  # noqa: FBT001 -- Django's
        super().save_model(request, obj, form, change)
        if change and "channel" in form.changed_data:
            mark_open_periods(customer=None, reason="source changed")

    @button(
        "New API key",
        permission="leads.add_apikey",
        icon="key",
        variant=ActionVariant.PRIMARY,
        offered=lambda source: source.is_active,
        asks=Dialog(
            title="Create an API key?",
            says=lambda source: (
                f"Whoever holds it sends leads as «{source}». The whole key is shown once, right after this,"
                " and kept nowhere: have the place ready where it will live."
            ),
            submit="Create key",
        ),
    )
    def new_key(self, request: HttpRequest, source: Source, answers: dict[str, Any]) -> HttpResponse:
        key, whole = create_key(source, by=person(request))
        address = f"{request.scheme}://{request.get_host()}/api/v1/deliveries"
        context = {"key": key, "whole": whole, "address": address, "new": True}
        return dialog_page(self, request, source, context, template="leads/new_key.html")

    @admin.display(description="name", ordering="name")
    def shown_name(self, source: Source) -> SafeString | str:
        return shortened(source.name)

    @admin.display(description="state", ordering="is_active")
    def state(self, source: Source) -> SafeString:
        return chip("Active", "green") if source.is_active else chip("Inactive")

    @admin.display(description="customer", ordering="customer__name")
    def shown_customer(self, source: Source) -> SafeString | str:
        return link(source.customer) if source.customer else "as each lead says"

    @admin.display(description="")
    def deliveries(self, source: Source) -> SafeString:
        return to(list_of("leads.delivery", source__id__exact=source.pk), "Deliveries")


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyPage[ApiKey]):
    """Reached from its source; not in the menu."""

    list_display = ("shown_prefix", "shown_source", "state", "created", "last_used")
    list_select_related = ("source",)
    list_filter = (("source", AutocompleteSelectFilter),)
    fields = ("shown_source", "shown_prefix", "state", "created", "creator", "last_used", "revoked")
    readonly_fields = fields
    actions_detail = ("revoke",)

    @button(
        "Revoke",
        permission="leads.change_apikey",
        icon="key_off",
        variant=ActionVariant.DANGER,
        offered=lambda key: key.revoked_at is None,
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
    def shown_prefix(self, key: ApiKey) -> SafeString | str:
        return code(f"lbe_{key.prefix}_…")

    @admin.display(description="source")
    def shown_source(self, key: ApiKey) -> SafeString | str:
        return link(key.source)

    @admin.display(description="state")
    def state(self, key: ApiKey) -> SafeString:
        return state_of(key)

    @admin.display(description="created", ordering="created_at")
    def created(self, key: ApiKey) -> SafeString | str:
        return instant(key.created_at)

    @admin.display(description="by")
    def creator(self, key: ApiKey) -> str:
        return str(key.created_by or NOTHING)

    @admin.display(description="last used", ordering="last_used_at")
    def last_used(self, key: ApiKey) -> SafeString | str:
        return instant(key.last_used_at) if key.last_used_at else "never"

    @admin.display(description="revoked")
    def revoked(self, key: ApiKey) -> SafeString | str:
        return instant(key.revoked_at) if key.revoked_at else NOTHING
