"""Which events a person gets emails about."""

from collections.abc import Collection
from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, PermissionsMixin, User
from django.db import transaction

from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import Refused
from leads.models import Customer
from receivables.models import EventKind, EventSubscription

EVENTS_CHOSEN = Verb("events_chosen", "Events by email chosen")

# What a person must be allowed to view to hear of it.
INVOICES, LEDGER, CHARGES = "invoices.view_invoice", "receivables.view_ledgerdocument", "pricing.view_charge"
PERMISSIONS: dict[EventKind, str] = {
    EventKind.INVOICE_ISSUED: INVOICES,
    EventKind.INVOICE_VOIDED: INVOICES,
    EventKind.INVOICE_PAID: INVOICES,
    EventKind.CREDIT_NOTE_ISSUED: LEDGER,
    EventKind.PAYMENT_RECEIVED: LEDGER,
    EventKind.DISPUTE_OPENED: LEDGER,
    EventKind.DISPUTE_DECIDED: LEDGER,
    EventKind.PERIOD_CLOSED: INVOICES,
    EventKind.BUDGET_80: CHARGES,
    EventKind.BUDGET_100: CHARGES,
    EventKind.UNRATED_WAITING: "pricing.view_unratedaction",
}


class NotYourEvent(Refused):
    """A person is told only of what the person may see."""

    code = "event_not_yours"
    http_status = 403
    message = "You may not see what this event is about."


def may_hear(person: AbstractBaseUser | AnonymousUser, kind: str) -> bool:
    """Whether the person may see what events of this kind are about."""
    return isinstance(person, PermissionsMixin) and person.has_perm(PERMISSIONS[EventKind(kind)])


def kinds_of(person: AbstractBaseUser | AnonymousUser) -> list[EventKind]:
    """The kinds that the person may hear of."""
    return [kind for kind in PERMISSIONS if may_hear(person, kind)]


@transaction.atomic
def choose(kinds: Collection[str], *, by: User, at: datetime, customer: Customer | None = None) -> bool:
    """Set exactly which events, of everyone or of one customer, a person is mailed; return whether this changed anything.

    Raises NotYourEvent.
    """
    if not all(may_hear(by, kind) for kind in kinds):
        raise NotYourEvent
    User.objects.select_for_update(no_key=True).get(pk=by.pk)
    mine = EventSubscription.objects.filter(person=by, customer=customer)
    before = set(mine.values_list("kind", flat=True))
    if before == set(kinds):
        return False
    mine.exclude(kind__in=kinds).delete()
    EventSubscription.objects.bulk_create(
        EventSubscription(person=by, kind=kind, customer=customer, chosen_at=at) for kind in sorted(set(kinds) - before)
    )
    record(
        EVENTS_CHOSEN,
        on=by,
        by=by,
        before={"events": sorted(before)},
        after={"events": sorted(kinds)},
        also=[customer] if customer else [],
    )
    return True
