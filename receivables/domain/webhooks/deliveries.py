"""Send the deliveries of an endpoint, one pass at a time: in order for each customer, and retried for three days.

The endpoint is the item of the queue, so its lease covers all its deliveries and no receiver makes another one wait. An
attempt is counted before it is made. A worker that dies leaves its delivery waiting: it is sent again, with the same ID.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.outgoing.exchange import Answer
from billing_engine.core.queues.attempt import Failure
from billing_engine.core.queues.leased import LeasedQueue
from leads.domain.credentials.encryption import decrypt
from receivables.domain.webhooks.outbox import distribute
from receivables.domain.webhooks.post import body_of, headers_of, post, text_of
from receivables.domain.webhooks.timetable import MOST_ATTEMPTS, OFF_AFTER, PARKED_AFTER, next_attempt, slowed
from receivables.models import EventMail, WebhookDelivery, WebhookEndpoint, WebhookSecret

State = WebhookDelivery.State

SWITCHED_OFF_BY_ITSELF = Verb("webhook_endpoint_failed", "Switched off after failures")
BACK_ON = Verb("webhook_endpoint_works_again", "Switched on by a test delivery")

LEASE = timedelta(minutes=3)  # longer than the task's own limit, so that its worker has ended by then
PASS_SECONDS = 30  # then other endpoints have their turn
UNSIGNED = "Its secret can't be read: SECRET_KEY has changed. Rotate the secret."
GONE = "It answered 410 (gone): it wants no more deliveries."


@dataclass(slots=True)
class Pass:
    """The outcome of the deliveries of one pass."""

    succeeded: bool = False
    tested: bool = False  # a test delivery arrived
    failed: bool = False  # the last one did
    slows_down: bool = False
    is_gone: bool = False
    wait_until: datetime | None = None

    def note(self, delivery: WebhookDelivery, answer: Answer) -> None:
        """Take in one answer."""
        self.succeeded, self.failed = self.succeeded or answer.is_success, not answer.is_success
        self.tested = self.tested or (answer.is_success and delivery.number is None)
        self.slows_down, self.is_gone = answer.slows_down, answer.is_gone
        self.wait_until = answer.wait_until if answer.slows_down else None

    @property
    def goes_on(self) -> bool:
        """Whether the receiver can take another one now."""
        return not (self.slows_down or self.is_gone)


class Endpoints(LeasedQueue[WebhookEndpoint, Pass]):
    """The queue of endpoints that have something to send."""

    task = "receivables.webhooks"
    lease = LEASE
    most_attempts = None  # deliveries have their own schedule

    def waiting(self) -> QuerySet[WebhookEndpoint]:
        return WebhookEndpoint.objects.filter(next_attempt_at__isnull=False)

    def locked(self, items: QuerySet[WebhookEndpoint]) -> QuerySet[WebhookEndpoint]:
        """Wait while deliveries are added to the endpoint: that takes moments."""
        return items.select_for_update(of=("self",), no_key=True)

    def tidy(self, *, at: datetime) -> None:
        distribute(at=at)

    def act(self, endpoint: WebhookEndpoint, *, at: datetime) -> Pass:
        """Send what is due, until nothing is, the receiver needs a rest, or others should have their turn."""
        done, end = Pass(), monotonic() + PASS_SECONDS
        secrets = _secrets_of(endpoint, at=at)
        while done.goes_on and monotonic() < end and (delivery := _begun(endpoint, at=at)):
            body = body_of(delivery)
            signed = headers_of(delivery, body, secrets, at=at) if secrets else {}
            answer = post(endpoint.url, body, signed, at=at) if secrets else Answer(reason=UNSIGNED)
            _settle(delivery, answer, at=at)
            done.note(delivery, answer)
        return done

    def settle(self, endpoint: WebhookEndpoint, done: Pass, *, at: datetime) -> None:
        endpoint.attempts = 0
        if done.succeeded:
            endpoint.failing_since, endpoint.unreachable, endpoint.not_before = None, 0, None
        if done.tested and not endpoint.is_active:
            endpoint.is_active, endpoint.off_reason, endpoint.off_at = True, "", None
            record(BACK_ON, on=endpoint, by=None)
        if done.failed:
            _note_failure(endpoint, done, at=at)
        endpoint.next_attempt_at = _next_time(endpoint)

    def fail(self, endpoint: WebhookEndpoint, failure: Failure, *, at: datetime) -> None:
        """After an error of the program: its deliveries are still waiting."""
        endpoint.attempts = 0
        endpoint.next_attempt_at = at + timedelta(minutes=5)


ENDPOINTS = Endpoints()


def free_of(endpoint: WebhookEndpoint) -> QuerySet[WebhookDelivery]:
    """The deliveries that wait for nothing but their time: tests, and if it is on, parked ones and each customer's first."""
    tests = Q(number=None)
    waiting = WebhookDelivery.objects.waiting().filter(endpoint=endpoint)
    if not endpoint.is_active:
        return waiting.filter(tests)
    earlier = WebhookDelivery.objects.waiting().filter(
        endpoint=OuterRef("endpoint"), customer=OuterRef("customer"), number__lt=OuterRef("number"), is_parked=False
    )
    return waiting.filter(tests | Q(is_parked=True) | ~Exists(earlier))


@transaction.atomic
def _begun(endpoint: WebhookEndpoint, *, at: datetime) -> WebhookDelivery | None:
    """The next delivery that is due, its attempt counted; None if there is none."""
    due = free_of(endpoint).filter(next_attempt_at__lte=at)
    if endpoint.not_before and endpoint.not_before > at:
        due = due.filter(number=None)
    tests_first = F("number").asc(nulls_first=True)
    for delivery in due.select_related("event", "customer").order_by(tests_first, "pk")[:MOST_ATTEMPTS]:
        if delivery.attempts >= MOST_ATTEMPTS and delivery.number is not None:
            _settle(delivery, Answer(reason="Its workers ended while sending it."), at=at)
            continue
        delivery.attempts += 1
        delivery.attempted_at = at
        delivery.save(update_fields=["attempts", "attempted_at"])
        return delivery
    return None


def _settle(delivery: WebhookDelivery, answer: Answer, *, at: datetime) -> None:
    """Record the answer, unless a person settled it meanwhile."""
    again = next_attempt(delivery.attempts, at=at, not_before=answer.wait_until)
    is_over = answer.is_success or again is None or delivery.number is None  # a test is made once
    state = State.SENT if answer.is_success else State.FAILED if is_over else State.WAITING
    is_parked = not is_over and (delivery.is_parked or delivery.attempts >= PARKED_AFTER)
    WebhookDelivery.objects.waiting().filter(pk=delivery.pk).update(
        state=state,
        status=answer.status,
        answer=text_of(answer),
        reason=answer.reason[:300],
        is_parked=is_parked,
        next_attempt_at=None if is_over else again,
        settled_at=at if is_over else None,
    )


def _note_failure(endpoint: WebhookEndpoint, done: Pass, *, at: datetime) -> None:
    endpoint.failing_since = endpoint.failing_since or at
    if done.slows_down:
        endpoint.unreachable = min(endpoint.unreachable + 1, 1_000)
        endpoint.not_before = slowed(endpoint.unreachable, at=at, asked=done.wait_until)
    if not endpoint.is_active:
        return
    if done.is_gone:
        _switch_off(endpoint, GONE, at=at)
    elif at - endpoint.failing_since >= OFF_AFTER:
        _switch_off(endpoint, f"No delivery arrived for {OFF_AFTER.days} days.", at=at)


def _switch_off(endpoint: WebhookEndpoint, reason: str, *, at: datetime) -> None:
    endpoint.is_active, endpoint.off_reason, endpoint.off_at = False, reason, at
    record(SWITCHED_OFF_BY_ITSELF, on=endpoint, by=None, reason=reason)
    EventMail.objects.create(person_id=endpoint.created_by_id, endpoint=endpoint, requested_at=at, next_attempt_at=at)


def _next_time(endpoint: WebhookEndpoint) -> datetime | None:
    """When its next delivery is due; a test waits for nothing."""
    due = free_of(endpoint).order_by("next_attempt_at")
    first = due.values_list("next_attempt_at", flat=True).first()
    if first is None or endpoint.not_before is None or free_of(endpoint).filter(number=None).exists():
        return first
    return max(first, endpoint.not_before)


def _secrets_of(endpoint: WebhookEndpoint, *, at: datetime) -> list[str]:
    """The secrets that sign now, the current one first."""
    valid = WebhookSecret.objects.filter(Q(expires_at=None) | Q(expires_at__gt=at), endpoint=endpoint).order_by("-pk")
    return [text for text in (decrypt(each.sealed) for each in valid) if text is not None]
