"""Email people about the events they chose, and about endpoints that were switched off."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import DNS_NAME, EmailMessage
from django.db.models import Q, QuerySet
from django.urls import reverse

from billing_engine.core.queues.attempt import Failure
from billing_engine.core.queues.leased import LeasedQueue
from invoices.domain.mail.server import DeliveryResult, hand_over, sends_email
from receivables.domain.webhooks.outbox import covers
from receivables.domain.webhooks.subscriptions import may_hear
from receivables.models import EventKind, EventMail, EventSubscription, WebhookEvent

State = EventMail.State

PAUSE, MOST_ATTEMPTS, LEASE = timedelta(minutes=30), 20, timedelta(minutes=5)
TOLD = 50  # events in one email
NO_SERVER = "There is no mail server."
NO_RIGHT = "The person may no longer see this."
NOT_CHOSEN = "The person no longer wants these emails."
NO_ADDRESS = "The person has no email address."
SUMS = ("amount", "currency", "reference", "label", "period", "budget", "actions", "hours")  # in this order


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of an attempt: the server's answer, or why nothing was handed over."""

    answer: DeliveryResult = field(default_factory=DeliveryResult)
    dropped: str = ""


class EventMails(LeasedQueue[EventMail, Outcome]):
    """The queue of emails about events."""

    task = "receivables.event_mail"
    lease = LEASE
    most_attempts = MOST_ATTEMPTS

    def waiting(self) -> QuerySet[EventMail]:
        return EventMail.objects.filter(state=State.WAITING).select_related("person", "endpoint")

    def act(self, mail: EventMail, *, at: datetime) -> Outcome:
        """Send it. Rights and choices are read now, not when the event occurred."""
        events = _wanted(mail)
        if why_not := _why_not(mail, events):
            return Outcome(dropped=why_not)
        return Outcome(hand_over(_message(mail, events), to=[mail.person.email]))

    def settle(self, mail: EventMail, outcome: Outcome, *, at: datetime) -> None:
        answer = outcome.answer
        if outcome.dropped:
            _settle(mail, State.DROPPED, outcome.dropped, at=at)
        elif answer.accepted:
            _settle(mail, State.SENT, "", at=at)
        elif answer.rejected:
            _settle(mail, State.FAILED, "; ".join(answer.rejected.values()), at=at)
        else:
            self.fail(mail, Failure("not_taken", answer.reason), at=at)

    def fail(self, mail: EventMail, failure: Failure, *, at: datetime) -> None:
        if mail.attempts >= MOST_ATTEMPTS:
            _settle(mail, State.FAILED, failure.words, at=at)
        else:
            mail.reason, mail.next_attempt_at = failure.words[:500], at + PAUSE


EVENT_MAILS = EventMails()


def _settle(mail: EventMail, state: EventMail.State, reason: str, *, at: datetime) -> None:
    mail.state, mail.reason, mail.settled_at, mail.next_attempt_at = state, reason[:500], at, None


def _wanted(mail: EventMail) -> list[WebhookEvent]:
    choices = list(EventSubscription.objects.filter(Q(person=mail.person_id, kind=mail.kind)))
    events = WebhookEvent.objects.filter(pk__in=mail.events).select_related("customer").order_by("pk")
    return [event for event in events if any(covers(choice, event) for choice in choices)]


def _why_not(mail: EventMail, events: list[WebhookEvent]) -> str:
    """Why nothing is sent; empty if it is."""
    person = mail.person
    if not (person.is_active and person.is_staff):
        return NO_RIGHT
    if mail.endpoint is None and not may_hear(person, mail.kind):
        return NO_RIGHT
    if mail.endpoint is None and not events:
        return NOT_CHOSEN
    if not person.email:
        return NO_ADDRESS
    return "" if sends_email() else NO_SERVER


def _message(mail: EventMail, events: list[WebhookEvent]) -> EmailMessage:
    subject, body = _about_endpoint(mail) if mail.endpoint else _about_events(mail, events)
    # Copies share their Message-ID: a worker may end after the server took one.
    headers = {"Message-ID": f"<event-{mail.pk}-{mail.requested_at:%Y%m%d%H%M%S}@{DNS_NAME}>"}
    return EmailMessage(
        " ".join(subject.split()), body, settings.DEFAULT_FROM_EMAIL, [mail.person.email], headers=headers
    )


def _about_endpoint(mail: EventMail) -> tuple[str, str]:
    endpoint = mail.endpoint
    assert endpoint is not None, "the caller checked"  # noqa: S101 -- for mypy
    page = reverse("admin:receivables_webhookendpoint_change", args=[endpoint.pk])
    body = (
        f"The engine no longer sends anything to {endpoint}.\n{endpoint.off_reason or 'It is on again.'}\n\n"
        "What happens meanwhile waits for up to 30 days. Correct the receiver, then choose Send a test on its page: if the"
        f" test arrives, the endpoint is on again.\n{page}\n"
    )
    return f"Webhook endpoint switched off: {endpoint}", body


def _about_events(mail: EventMail, events: list[WebhookEvent]) -> tuple[str, str]:
    label, more = EventKind(mail.kind).label, len(events) - TOLD
    subject = f"{label}: {events[0].customer}" if len(events) == 1 else f"{label}: {len(events):,}"
    lines = [_line(event) for event in events[:TOLD]]
    lines += [f"And {more:,} more."] if more > 0 else []
    why = f"You get this email because you chose “{label}” under Webhooks, Events by email, in the Lead Billing Engine."
    return subject, "\n".join(lines) + f"\n\n{why}\n"


def _line(event: WebhookEvent) -> str:
    told = [str(event.data[name]) for name in SUMS if name in event.data]
    return f"{event.occurred_at:%Y-%m-%d %H:%M} UTC  {event.customer}  {' '.join(told)}".rstrip()
