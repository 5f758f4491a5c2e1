"""Events, from the transaction in which they happen to a numbered delivery for each endpoint that is told.

Most events are written by triggers, so the apps below know no webhooks. One pass at a time distributes them, in their
order, so that the events of a customer are numbered without a gap for each endpoint.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Max, OuterRef, Q, Subquery
from django.db.models.functions import Least

from billing_engine.core.deeds.record import plain
from billing_engine.core.queues.hold import held
from receivables.models import (
    EventKind,
    EventMail,
    EventSubscription,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookEvent,
)

TASK = "receivables.distribute_events"
AT_ONCE = 500
KEPT = timedelta(days=30)  # so long the log has what was delivered, and what failed can be sent again
MOST_DELETED = 5_000  # by a pass


def tell(
    kind: EventKind,
    *,
    customer: int,
    subject: str,
    data: Mapping[str, Any],
    cause: str = "",
    at: datetime,
) -> bool:
    """Write an event that no trigger writes, in the transaction of what happened; return whether it is new.

    `data` has IDs and sums. An event with the same `cause` is written once. Nothing is written while there is no endpoint
    and no subscription.
    """
    if not (WebhookEndpoint.objects.exists() or EventSubscription.objects.exists()):
        return False
    event = WebhookEvent(
        kind=kind, customer_id=customer, subject=subject, data=plain(data), cause=cause, occurred_at=at
    )
    made = WebhookEvent.objects.bulk_create([event], ignore_conflicts=bool(cause))
    return not cause or WebhookEvent.objects.filter(uid=made[0].uid).exists()


def distribute(*, at: datetime) -> int:
    """Create the deliveries and emails of new events, and delete what the log no longer keeps; return the number of events."""
    if not WebhookEvent.objects.filter(distributed_at=None).exists():
        _forget(at=at)
        return 0
    with held(TASK, 0) as is_ours:
        total = 0
        while is_ours and (done := _distribute_some(at=at)):
            total += done
        return total


@transaction.atomic
def _distribute_some(*, at: datetime) -> int:
    # Locked until the deliveries are committed: a pass that ends now sees them before it decides when the next is due.
    endpoints = list(WebhookEndpoint.objects.select_for_update(no_key=True).order_by("pk"))
    events = list(WebhookEvent.objects.filter(distributed_at=None).order_by("pk")[:AT_ONCE])
    _create_deliveries(events, endpoints, at=at)
    _create_mails(events, at=at)
    WebhookEvent.objects.filter(pk__in=[event.pk for event in events]).update(distributed_at=at)
    return len(events)


def _create_deliveries(events: Sequence[WebhookEvent], endpoints: Iterable[WebhookEndpoint], *, at: datetime) -> None:
    new, told = list[WebhookDelivery](), set[int]()
    for endpoint in endpoints:
        wanted = [event for event in events if is_told(endpoint, event)]
        last = _last_numbers(endpoint, {event.customer_id for event in wanted})
        for event in wanted:
            last[event.customer_id] += 1
            told.add(endpoint.pk)
            new.append(
                WebhookDelivery(
                    endpoint=endpoint,
                    event=event,
                    customer_id=event.customer_id,
                    number=last[event.customer_id],
                    next_attempt_at=at,
                )
            )
    WebhookDelivery.objects.bulk_create(new)
    ask_soon(told, at=at)


def ask_soon(endpoints: Iterable[int], *, at: datetime) -> None:
    """Let the next sweep ask for a pass over these endpoints; one that a worker has finds its new deliveries itself."""
    free = WebhookEndpoint.objects.filter(pk__in=endpoints, attempts=0)
    free.update(next_attempt_at=Least("next_attempt_at", at))


def is_told(endpoint: WebhookEndpoint, event: WebhookEvent) -> bool:
    """Whether the endpoint chose this event."""
    if event.kind not in endpoint.kinds or endpoint.customer_id not in (None, event.customer_id):
        return False
    return event.kind != EventKind.UNRATED_WAITING or event.data.get("hours") == endpoint.unrated_hours


def _last_numbers(endpoint: WebhookEndpoint, customers: set[int | None]) -> dict[int | None, int]:
    found = WebhookDelivery.objects.filter(endpoint=endpoint, customer__in=customers)
    last = defaultdict[int | None, int](int)
    last.update(found.order_by().values_list("customer").annotate(Max("number")))
    return last


def _create_mails(events: Sequence[WebhookEvent], *, at: datetime) -> None:
    """One email for each person and kind, however many events there are."""
    kinds = {event.kind for event in events}
    chosen = EventSubscription.objects.filter(kind__in=kinds, person__is_active=True)
    wanted = defaultdict[tuple[int, str], list[int]](list)
    for choice in chosen.order_by("pk"):
        mine = wanted[choice.person_id, choice.kind]
        mine += [event.pk for event in events if covers(choice, event) and event.pk not in mine]
    EventMail.objects.bulk_create(
        EventMail(person_id=person, kind=kind, events=sorted(found), requested_at=at, next_attempt_at=at)
        for (person, kind), found in wanted.items()
        if found
    )


def covers(choice: EventSubscription, event: WebhookEvent) -> bool:
    """Whether the person chose this event."""
    return choice.kind == event.kind and choice.customer_id in (None, event.customer_id)


def _forget(*, at: datetime) -> None:
    """Delete what was settled long ago; the last of each customer stays, because numbers go on from it."""
    old = Q(event__occurred_at__lt=at - KEPT)
    later = WebhookDelivery.objects.filter(endpoint=OuterRef("endpoint"), customer=OuterRef("customer"))
    last = Subquery(later.order_by("-number").values("number")[:1])
    gone = WebhookDelivery.objects.filter(old).annotate(last=last).exclude(number=F("last"))
    gone = gone.exclude(state=WebhookDelivery.State.WAITING, endpoint__is_active=True)
    WebhookDelivery.objects.filter(pk__in=list(gone.values_list("pk", flat=True)[:MOST_DELETED])).delete()
    events = WebhookEvent.objects.filter(deliveries=None, occurred_at__lt=at - KEPT, distributed_at__isnull=False)
    WebhookEvent.objects.filter(pk__in=list(events.values_list("pk", flat=True)[:MOST_DELETED])).delete()
