"""Looks by staff at a customer's portal: read-only, for a reason, on record, and listed to the customer."""

from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import transaction

from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from leads.domain.memberships.portal import portal_of
from leads.models import Customer, PortalLook

LOOKED = Verb("portal_looked_at", "Looked at the portal as the customer")
VIEW_AS_CUSTOMER = "leads.view_as_customer"
LASTS = timedelta(hours=1)


@transaction.atomic
def begin_look(customer: Customer, *, by: User, reason: str, at: datetime) -> PortalLook:
    """Let a staff member see the customer's portal for an hour, without a log-in of the customer's."""
    portal_of(customer)
    look = PortalLook.objects.create(customer=customer, by=by, reason=reason.strip(), began_at=at, ends_at=at + LASTS)
    record(LOOKED, on=customer, by=by, reason=reason, also=[look])
    return look


@transaction.atomic
def end_look(look: PortalLook, *, at: datetime) -> None:
    """End a look before its hour is over."""
    PortalLook.objects.filter(pk=look.pk, ends_at__gt=at).update(ends_at=at)


def open_look(customer: Customer, *, by: User, at: datetime) -> PortalLook | None:
    """Return the staff member's look at this customer's portal that is not over, if any."""
    found = PortalLook.objects.filter(customer=customer, by=by, began_at__lte=at, ends_at__gt=at)
    return found.select_related("by").order_by("-began_at").first()


def looks_at(customer: Customer, *, latest: int = 50) -> list[PortalLook]:
    """Return the latest looks by staff at this customer's portal."""
    return list(PortalLook.objects.filter(customer=customer).select_related("by").order_by("-began_at")[:latest])
