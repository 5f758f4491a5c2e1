"""The list of webhook endpoints, and the page of each with its secret, its buttons and its latest deliveries."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import now
from unfold.decorators import action
from unfold.enums import ActionVariant

from billing_engine.core.admin_kit.cells import (
    NOTHING,
    chip,
    chips,
    code,
    instant,
    link,
    link_to,
    list_of,
    shortened,
)
from billing_engine.core.admin_kit.columns import column
from billing_engine.core.admin_kit.dialogs import Dialog, Done, WithReason, button, dialog_page, person
from billing_engine.core.admin_kit.menu import in_menu, list_item
from billing_engine.core.admin_kit.pages import ReadOnlyPage
from billing_engine.core.errors import Refused
from receivables.admin.webhooks.by_email import PAGE as EVENTS_BY_EMAIL
from receivables.admin.webhooks.endpoint_form import EndpointForm, NewEndpointForm, values_of, wanted
from receivables.domain.webhooks.endpoints import (
    change,
    check_is_off,
    check_no_test,
    create,
    rotate,
    send_failed_again,
    send_test,
    switch_off,
    switch_on,
)
from receivables.models import EventKind, WebhookDelivery, WebhookEndpoint

ADD, CHANGE = "receivables.add_webhookendpoint", "receivables.change_webhookendpoint"
NEW_SAYS = (
    "It gets a signed request for each event that you choose: IDs and sums, no names. Its secret is shown once, on the"
    " next page."
)


def state_of(endpoint: WebhookEndpoint) -> SafeString:
    """Return whether it is sent to, and whether it takes what it is sent."""
    if not endpoint.is_active:
        return chip("Off", "red")
    return chip("Failing", "orange") if endpoint.failing_since else chip("On", "green")


def events_of(endpoint: WebhookEndpoint) -> SafeString | str:
    """Return the events that it is told."""
    if len(endpoint.kinds) == len(EventKind):
        return "All events"
    return chips([EventKind(kind).label for kind in endpoint.kinds])


def secrets_of(endpoint: WebhookEndpoint) -> SafeString:
    """Return the beginnings of its secrets; of an old one, until when it signs."""
    at = now()
    current = endpoint.secrets.get(expires_at=None)
    old = endpoint.secrets.filter(expires_at__gt=at).order_by("-pk").first()
    if old is None:
        return format_html("{}", code(f"{current.hint}…"))
    return format_html("{}, and {} until {}", code(f"{current.hint}…"), code(f"{old.hint}…"), instant(old.expires_at))


def waiting_of(endpoint: WebhookEndpoint) -> SafeString | str:
    """Return the number of deliveries that wait, linked to them."""
    return _count(endpoint, WebhookDelivery.State.WAITING)


def failed_of(endpoint: WebhookEndpoint) -> SafeString | str:
    """Return the number of deliveries that failed for good, linked to them."""
    return _count(endpoint, WebhookDelivery.State.FAILED)


def _count(endpoint: WebhookEndpoint, state: WebhookDelivery.State) -> SafeString | str:
    count = endpoint.deliveries.filter(state=state).count()
    address = list_of("receivables.webhookdelivery", endpoint__id__exact=endpoint.pk, state__exact=state.value)
    return link_to(address, f"{count:,}") if count else "0"


def log_of(endpoint: WebhookEndpoint) -> SafeString:
    """Return the link to its deliveries."""
    return link_to(list_of("receivables.webhookdelivery", endpoint__id__exact=endpoint.pk), "Show deliveries")


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(ReadOnlyPage[WebhookEndpoint]):
    list_display = ("shown_name", "short_url", "shown_customer", "shown_events", "shown_state")
    list_display_links = ("shown_name",)
    list_filter = ("is_active",)
    search_fields = ("name", "url")
    search_help_text = "Name or address"
    related = ("customer", "created_by")
    ordering = ("name",)
    nothing_yet = "No endpoints yet. Add one to send events to another system."
    actions_list: Any = ("new_endpoint", "by_email")
    actions_detail: Any = ("send_test", "switch_on", "edit", "rotate", "send_failed", "switch_off")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("url", "shown_state"),
                    ("shown_customer", "shown_events"),
                    ("shown_off", "off_since"),
                    ("failing", "rests"),
                    ("shown_waiting", "shown_failed", "shown_log"),
                    ("shown_secret", "creator"),
                )
            },
        ),
    )

    shown_name = column(shortened, "name", title="endpoint", order="name")
    short_url = column(lambda url: shortened(url, fits=60), "url", title="address")
    shown_customer = column(link, "customer", title="customer", empty="Every customer")
    shown_events = column(events_of, title="events")
    shown_state = column(state_of, title="state", order="is_active")
    shown_off = column(str, "off_reason", title="off because", empty=NOTHING)
    off_since = column(instant, "off_at", title="off since", empty=NOTHING)
    failing = column(instant, "failing_since", title="failing since", empty=NOTHING)
    rests = column(instant, "not_before", title="left alone until", empty=NOTHING)
    shown_waiting = column(waiting_of, title="waiting")
    shown_failed = column(failed_of, title="failed")
    shown_log = column(log_of, title="log")
    shown_secret = column(secrets_of, title="signed with")
    creator = column(str, "created_by", title="added by")

    def has_new_permission(self, request: HttpRequest) -> bool:
        """Return whether the user can add endpoints."""
        return request.user.has_perm(ADD)

    def _new_endpoint(self, request: HttpRequest) -> HttpResponse:
        if not request.user.has_perm(ADD):
            raise PermissionDenied
        form = NewEndpointForm(data=request.POST if request.method == "POST" else None, initial={"unrated_hours": 24})
        if request.method == "POST" and form.is_valid():
            try:
                endpoint, plaintext = create(wanted(form.cleaned_data), by=person(request), at=now())
            except Refused as refusal:
                form.add_error(None, str(refusal))
            else:
                return secret_page(self, request, endpoint, plaintext)
        asks = {"title": "New endpoint", "says": NEW_SAYS}
        page = {"opts": self.opts, "title": asks["title"], "back": list_of("receivables.webhookendpoint")}
        page |= {"form": form, "asks": asks, "presses": "Add endpoint"}
        response = render(request, "core/dialog.html", {**self.admin_site.each_context(request), **page})
        response["Cache-Control"] = "no-store"
        return response

    new_endpoint: Any = action(
        _new_endpoint,
        permissions=["new"],
        description="New endpoint",
        icon="add",
        variant=ActionVariant.PRIMARY,
        url_path="new",
    )
    new_endpoint.dialog = {"title": "New endpoint"}

    def has_hear_permission(self, request: HttpRequest) -> bool:
        """Return whether the user can be mailed events."""
        return request.user.has_perm("receivables.view_webhookevent")

    def _by_email(self, request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect(reverse(EVENTS_BY_EMAIL))

    by_email: Any = action(
        _by_email, permissions=["hear"], description="Events by email", icon="mail", url_path="by-email"
    )

    @button(
        "Send a test",
        permission=CHANGE,
        icon="send",
        variant=ActionVariant.PRIMARY,
        guard=lambda endpoint, _: check_no_test(endpoint),
        asks=Dialog(
            title=lambda endpoint: f"Send a test to {endpoint}?",
            says="Sends one event of the type webhook.test. If the endpoint is off and the test arrives, it is on again.",
            submit="Send",
        ),
    )
    def send_test(self, request: HttpRequest, endpoint: WebhookEndpoint, answers: dict[str, Any]) -> Done:
        send_test(endpoint, by=person(request), at=now())
        address = list_of("receivables.webhookdelivery", endpoint__id__exact=endpoint.pk)
        return Done("The test is on its way. Reload this page to see the answer.", address=address)

    @button(
        "Switch on",
        permission=CHANGE,
        icon="play_arrow",
        offered=lambda endpoint: not endpoint.is_active,
        guard=lambda endpoint, _: check_is_off(endpoint),
        asks=Dialog(
            title=lambda endpoint: f"Switch {endpoint} on?",
            says="Sends what has waited, then what happens next. Send a test first if you are not sure that it is back.",
        ),
    )
    def switch_on(self, request: HttpRequest, endpoint: WebhookEndpoint, answers: dict[str, Any]) -> Done:
        switch_on(endpoint, by=person(request), at=now())
        return Done("Switched on.")

    @button(
        "Change",
        permission=CHANGE,
        icon="edit",
        asks=Dialog(title="Change this endpoint", submit="Save", form=EndpointForm, first=values_of),
    )
    def edit(self, request: HttpRequest, endpoint: WebhookEndpoint, answers: dict[str, Any]) -> Done:
        change(endpoint, wanted(answers, endpoint), by=person(request))
        return Done("Saved.")

    @button(
        "Rotate secret",
        permission=CHANGE,
        icon="autorenew",
        asks=Dialog(
            title=lambda endpoint: f"Rotate the secret of {endpoint}?",
            says="A new secret is created and shown once. For 24 hours, deliveries are signed with both.",
            submit="Create new secret",
        ),
    )
    def rotate(self, request: HttpRequest, endpoint: WebhookEndpoint, answers: dict[str, Any]) -> HttpResponse:
        plaintext = rotate(endpoint, by=person(request), at=now())
        return secret_page(self, request, endpoint, plaintext)

    @button(
        "Resend failed",
        permission=CHANGE,
        icon="refresh",
        offered=lambda endpoint: (
            endpoint.deliveries.filter(state=WebhookDelivery.State.FAILED).exists()
            or endpoint.deliveries.filter(state=WebhookDelivery.State.WAITING, is_parked=True).exists()
        ),
        asks=Dialog(
            title="Send again what failed?",
            says="Sends every failed and every parked delivery again, each with the ID that it had.",
            submit="Send again",
        ),
    )
    def send_failed(self, request: HttpRequest, endpoint: WebhookEndpoint, answers: dict[str, Any]) -> Done:
        return Done(f"Sending {send_failed_again(endpoint, by=person(request), at=now()):,} again.")

    @button(
        "Switch off",
        permission=CHANGE,
        icon="pause",
        offered=lambda endpoint: endpoint.is_active,
        asks=Dialog(
            title=lambda endpoint: f"Switch {endpoint} off?",
            says="Sends nothing until it is switched on. What happens meanwhile waits for up to 30 days.",
            form=WithReason,
        ),
    )
    def switch_off(self, request: HttpRequest, endpoint: WebhookEndpoint, answers: dict[str, Any]) -> Done:
        switch_off(endpoint, reason=answers["reason"], by=person(request), at=now())
        return Done("Switched off.")


def secret_page(page: Any, request: HttpRequest, endpoint: WebhookEndpoint, plaintext: str) -> HttpResponse:
    """Show a new secret, for the only time."""
    old = endpoint.secrets.filter(expires_at__gt=now()).order_by("-pk").first()
    shown: dict[str, Any] = {"title": f"The secret of {endpoint}", "plaintext": plaintext, "label": "Secret"}
    shown |= {"old": f"{old.hint}…", "until": old.expires_at} if old else {}
    return dialog_page(page, request, endpoint, shown, template="leads/new_key.html")


in_menu("Receivables", 90, list_item("Webhooks", "webhook", "receivables.webhookendpoint"))
