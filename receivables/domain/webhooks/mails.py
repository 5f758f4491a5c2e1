"""Email people about the events they chose, and about endpoints that were switched off."""

from django.db.models import QuerySet
from django.urls import reverse

from invoices.domain.mail.notice import NO_RIGHT, NOT_CHOSEN, TOLD, NoticeQueue, NotSent
from receivables.domain.webhooks.outbox import covers
from receivables.domain.webhooks.subscriptions import may_hear
from receivables.models import EventKind, EventMail, EventSubscription, WebhookEndpoint, WebhookEvent

SUMS = ("amount", "currency", "reference", "label", "period", "budget", "actions", "hours")  # in this order


class EventMails(NoticeQueue[EventMail]):
    """The queue of emails about events."""

    task = "receivables.event_mail"
    about = "event"

    def waiting(self) -> QuerySet[EventMail]:
        return EventMail.objects.filter(state=EventMail.State.WAITING).select_related("person", "endpoint")

    def letter(self, mail: EventMail) -> tuple[str, str]:
        if mail.endpoint is not None:
            return _about_endpoint(mail.endpoint)
        if not may_hear(mail.person, mail.kind):
            raise NotSent(NO_RIGHT)
        return _about_events(mail, _wanted(mail))


EVENT_MAILS = EventMails()


def _wanted(mail: EventMail) -> list[WebhookEvent]:
    choices = list(EventSubscription.objects.filter(person=mail.person_id, kind=mail.kind))
    events = WebhookEvent.objects.filter(pk__in=mail.events).select_related("customer").order_by("pk")
    wanted = [event for event in events if any(covers(choice, event) for choice in choices)]
    if not wanted:
        raise NotSent(NOT_CHOSEN)
    return wanted


def _about_endpoint(endpoint: WebhookEndpoint) -> tuple[str, str]:
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
