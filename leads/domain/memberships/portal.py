"""A customer's portal: its address, the ids in it, and what the customer requires."""

from datetime import date
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction

from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import Refused
from leads.models import Customer, CustomerPortal

FACTOR_REQUIRED = Verb("second_factor_required", "Changed from when people need a second factor")
CONTACTS_SHOWN = Verb("portal_contacts_changed", "Changed whether the portal shows contact data")


SHOW_CONTACTS = "leads.show_contacts"


class ContactsUnchanged(Refused):
    """Contact data is shown already, or masked already."""

    code = "contacts_unchanged"
    message = "Nothing would change: the customer's people see lead contacts this way already."


def portal_of(customer: Customer) -> CustomerPortal:
    """Return the customer's portal; it gets its address when it is first needed."""
    found, _ = CustomerPortal.objects.select_related("customer").get_or_create(customer=customer)
    return found


def portal_at(public_id: UUID) -> CustomerPortal | None:
    """Return the portal with this address, if there is one."""
    return CustomerPortal.objects.select_related("customer").filter(public_id=public_id).first()


def shows_contacts(customer: Customer) -> bool:
    """Return whether the customer's people see the email addresses of leads in full."""
    return CustomerPortal.objects.filter(customer=customer, shows_contacts=True).exists()


@transaction.atomic
def require_second_factor(customer: Customer, *, from_day: date | None, by: User) -> CustomerPortal:
    """Require a second factor of each of the customer's people from a day on; None requires none."""
    portal = CustomerPortal.objects.select_for_update().get(customer=customer)
    before = portal.second_factor_from
    portal.second_factor_from = from_day
    portal.save(update_fields=["second_factor_from"])
    record(FACTOR_REQUIRED, on=customer, by=by, before={"from": before}, after={"from": from_day})
    return portal


@transaction.atomic
def show_contacts(customer: Customer, *, shown: bool, by: User, reason: str) -> CustomerPortal:
    """Show the customer's people the email addresses of leads in full, or masked. Raises ContactsUnchanged."""
    portal_of(customer)
    portal = CustomerPortal.objects.select_for_update(of=("self",)).select_related("customer").get(customer=customer)
    before = portal.shows_contacts
    if before == shown:
        raise ContactsUnchanged
    portal.shows_contacts = shown
    portal.save(update_fields=["shows_contacts"])
    record(CONTACTS_SHOWN, on=customer, by=by, reason=reason, before={"shown": before}, after={"shown": shown})
    return portal
