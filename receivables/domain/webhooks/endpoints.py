"""Endpoints: who is told what, their secrets, test deliveries, and sending again by hand."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_bytes

from django.contrib.auth.models import User
from django.db import transaction

from billing_engine.core.deeds.record import record, record_saved
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import Refused
from billing_engine.core.outgoing.addresses import check_url
from billing_engine.core.saving import save_changes
from leads.domain.credentials.encryption import encrypt
from leads.models import Customer
from receivables.domain.webhooks.outbox import ask_soon
from receivables.models import EventKind, WebhookDelivery, WebhookEndpoint, WebhookEvent, WebhookSecret
from receivables.models.webhook import TEST

ENDPOINT_SAVED = Verb("webhook_endpoint_saved", "Endpoint saved")
ENDPOINT_OFF = Verb("webhook_endpoint_switched_off", "Endpoint switched off")
ENDPOINT_ON = Verb("webhook_endpoint_switched_on", "Endpoint switched on")
SECRET_ROTATED = Verb("webhook_secret_rotated", "Secret rotated")
TEST_ASKED = Verb("webhook_test_asked", "Test delivery requested")
SENT_AGAIN = Verb("webhook_sent_again", "Delivery requested again")

PREFIX = "whsec_"
OVERLAP = timedelta(hours=24)  # after a rotation, while both secrets sign
State = WebhookDelivery.State


class NameTaken(Refused):
    """Endpoints are told apart by their names."""

    code = "webhook_name_taken"
    message = "Another endpoint has this name."


class NothingChosen(Refused):
    """An endpoint gets at least one kind of event."""

    code = "webhook_nothing_chosen"
    message = "Choose at least one event."


class CustomerIsFixed(Refused):
    """The numbers that an endpoint sees are those of its customers."""

    code = "webhook_customer_is_fixed"
    message = "The customer of an endpoint can't be changed. Create another endpoint."


class NotOff(Refused):
    """An endpoint that is on can't be switched on."""

    code = "webhook_not_off"
    message = "This endpoint is on."


class AlreadyOff(Refused):
    """An endpoint is switched off once."""

    code = "webhook_already_off"
    message = "This endpoint is already off."


class TestIsWaiting(Refused):
    """One test delivery at a time."""

    code = "webhook_test_is_waiting"
    message = "A test delivery is already on its way."


class NothingToSendAgain(Refused):
    """Only a settled delivery of an event, or a parked one, is sent again."""

    code = "webhook_nothing_to_send_again"
    message = "This delivery is still on its way."


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person enters for an endpoint."""

    name: str
    url: str
    kinds: Sequence[str]
    customer: Customer | None = None
    unrated_hours: int = 24


@transaction.atomic
def create(wanted: Wanted, *, by: User, at: datetime) -> tuple[WebhookEndpoint, str]:
    """Create an endpoint; return it with its secret, which can't be shown again.

    Raises BadAddress, AddressNotPublic, NameTaken or NothingChosen.
    """
    endpoint = WebhookEndpoint(customer=wanted.customer, created_by=by, created_at=at)
    _fill(endpoint, wanted)
    endpoint.save(force_insert=True)
    secret, plaintext = _new_secret(endpoint, by=by, at=at)
    also = [secret, *_customer_of(endpoint)]
    record_saved(ENDPOINT_SAVED, on=endpoint, stored=None, by=by, also=also)
    return endpoint, plaintext


@transaction.atomic
def change(endpoint: WebhookEndpoint, wanted: Wanted, *, by: User) -> WebhookEndpoint:
    """Change what an endpoint is told, or where. Raises what `create` raises, or CustomerIsFixed."""
    stored = _locked(endpoint)
    if wanted.customer != stored.customer:
        raise CustomerIsFixed
    found = _locked(endpoint)
    _fill(found, wanted)
    save_changes(found, since=stored)
    record_saved(ENDPOINT_SAVED, on=found, stored=stored, by=by, also=_customer_of(found))
    return found


def _fill(endpoint: WebhookEndpoint, wanted: Wanted) -> None:
    check_url(wanted.url)
    if WebhookEndpoint.objects.filter(name=wanted.name.strip()).exclude(pk=endpoint.pk).exists():
        raise NameTaken
    kinds = [kind for kind in EventKind.values if kind in wanted.kinds]
    if not kinds:
        raise NothingChosen
    endpoint.name, endpoint.url, endpoint.kinds = wanted.name.strip(), wanted.url, kinds
    endpoint.unrated_hours = wanted.unrated_hours


@transaction.atomic
def rotate(endpoint: WebhookEndpoint, *, by: User, at: datetime) -> str:
    """Create a new secret and return it; until a day from now, deliveries are signed with both."""
    found = _locked(endpoint)
    old = found.secrets.get(expires_at=None)
    old.expires_at = at + OVERLAP
    old.save(update_fields=["expires_at"])
    secret, plaintext = _new_secret(found, by=by, at=at)
    before, after = (
        {"starts_with": old.hint},
        {"starts_with": secret.hint, "earlier_secret_signs_until": old.expires_at},
    )
    record(SECRET_ROTATED, on=found, by=by, before=before, after=after, also=[secret, old])
    return plaintext


def _new_secret(endpoint: WebhookEndpoint, *, by: User, at: datetime) -> tuple[WebhookSecret, str]:
    plaintext = PREFIX + b64encode(token_bytes(32)).decode()
    hint = plaintext[: len(PREFIX) + 4]
    made = WebhookSecret.objects.create(
        endpoint=endpoint, sealed=encrypt(plaintext), hint=hint, created_by=by, created_at=at
    )
    return made, plaintext


@transaction.atomic
def switch_off(endpoint: WebhookEndpoint, *, reason: str, by: User, at: datetime) -> None:
    """Send nothing for now; what happens meanwhile waits. Raises AlreadyOff."""
    found = _locked(endpoint)
    check_is_on(found)
    words = " ".join(reason.split()) or f"Switched off by {by.get_full_name() or by.get_username()}."
    WebhookEndpoint.objects.filter(pk=found.pk).update(is_active=False, off_reason=words[:300], off_at=at)
    record(ENDPOINT_OFF, on=found, by=by, reason=reason)


@transaction.atomic
def switch_on(endpoint: WebhookEndpoint, *, by: User, at: datetime) -> None:
    """Send again, first what has waited. Raises NotOff."""
    found = _locked(endpoint)
    check_is_off(found)
    WebhookEndpoint.objects.filter(pk=found.pk).update(
        is_active=True, off_reason="", off_at=None, failing_since=None, unreachable=0, not_before=None
    )
    record(ENDPOINT_ON, on=found, by=by, before={"reason": found.off_reason})
    ask_soon([found.pk], at=at)


def check_is_on(endpoint: WebhookEndpoint) -> None:
    """Raise AlreadyOff."""
    if not endpoint.is_active:
        raise AlreadyOff


def check_is_off(endpoint: WebhookEndpoint) -> None:
    """Raise NotOff."""
    if endpoint.is_active:
        raise NotOff


@transaction.atomic
def send_test(endpoint: WebhookEndpoint, *, by: User, at: datetime) -> WebhookDelivery:
    """Send a test, also to an endpoint that is off: if it arrives, the endpoint is on again. Raises TestIsWaiting."""
    found = _locked(endpoint)
    check_no_test(found)
    event = WebhookEvent.objects.create(
        kind=TEST, subject=f"receivables.webhookendpoint:{found.pk}", occurred_at=at, distributed_at=at
    )
    delivery = WebhookDelivery.objects.create(endpoint=found, event=event, next_attempt_at=at)
    record(TEST_ASKED, on=found, by=by)
    ask_soon([found.pk], at=at)
    return delivery


def check_no_test(endpoint: WebhookEndpoint) -> None:
    """Raise TestIsWaiting."""
    if WebhookDelivery.objects.waiting().tests().filter(endpoint=endpoint).exists():
        raise TestIsWaiting


@transaction.atomic
def send_again(delivery: WebhookDelivery, *, by: User, at: datetime) -> None:
    """Send a delivery again with the same ID; later events do not wait for it. Raises NothingToSendAgain."""
    endpoint = _locked(delivery.endpoint)
    found = WebhookDelivery.objects.select_for_update(of=("self",)).get(pk=delivery.pk)
    check_may_be_sent_again(found)
    _wait_again([found], at=at)
    record(SENT_AGAIN, on=endpoint, by=by, after={"event": str(found.event), "number": found.number})
    ask_soon([endpoint.pk], at=at)


@transaction.atomic
def send_failed_again(endpoint: WebhookEndpoint, *, by: User, at: datetime) -> int:
    """Send again what failed for good or is parked, in the order of its numbers; return how many deliveries."""
    found = _locked(endpoint)
    failed = WebhookDelivery.objects.filter(endpoint=found, number__isnull=False, state=State.FAILED)
    parked = WebhookDelivery.objects.waiting().filter(endpoint=found, is_parked=True)
    again = list((failed | parked).select_for_update(of=("self",)).order_by("pk"))
    if not again:
        raise NothingToSendAgain("Nothing has failed for good, and nothing is parked.")
    _wait_again(again, at=at)
    record(SENT_AGAIN, on=found, by=by, after={"deliveries": len(again)})
    ask_soon([found.pk], at=at)
    return len(again)


def check_may_be_sent_again(delivery: WebhookDelivery) -> None:
    """Raise NothingToSendAgain."""
    if delivery.number is None or (delivery.state == State.WAITING and not delivery.is_parked):
        raise NothingToSendAgain


def _wait_again(deliveries: Sequence[WebhookDelivery], *, at: datetime) -> None:
    WebhookDelivery.objects.filter(pk__in=[each.pk for each in deliveries]).update(
        state=State.WAITING, is_parked=True, attempts=0, next_attempt_at=at, settled_at=None, resent_at=at
    )


def _locked(endpoint: WebhookEndpoint) -> WebhookEndpoint:
    return WebhookEndpoint.objects.select_for_update(of=("self",), no_key=True).get(pk=endpoint.pk)


def _customer_of(endpoint: WebhookEndpoint) -> list[Customer]:
    return [endpoint.customer] if endpoint.customer else []
