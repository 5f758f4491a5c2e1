"""Who may see contact data of leads, and what others see instead."""

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User
from django.db import transaction

from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from leads.models import Lead, QuarantinedItem

CONTACTS_VIEWED = Verb("contacts_viewed", "Looked at contact data")
VIEW_CONTACTS = "leads.view_contacts"
VIEW_RAW_BODIES = "leads.view_raw_bodies"
# The columns of a lead that name a person; no list is filtered by them for people who may not see them.
OF_A_PERSON = frozenset({"name", "email", "phone", "person_key", "attributes", "consent"})
HIDDEN = "•••"


def may_see_contacts(person: User | AbstractBaseUser | AnonymousUser) -> bool:
    """Return whether the person may see names, email addresses and phone numbers of leads."""
    return isinstance(person, User) and person.has_perm(VIEW_CONTACTS)


def may_see_raw_bodies(person: User | AbstractBaseUser | AnonymousUser) -> bool:
    """Return whether the person may see what sources sent, word for word."""
    return isinstance(person, User) and person.has_perm(VIEW_RAW_BODIES)


def may_fix_items(person: User | AbstractBaseUser | AnonymousUser) -> bool:
    """Return whether the person sees what sources sent and may settle it."""
    return may_see_raw_bodies(person) and isinstance(person, User) and person.has_perm("leads.change_quarantineditem")


@transaction.atomic
def look_at_contacts(row: Lead | QuarantinedItem, *, by: User) -> None:
    """Record that a person looks at contact data in full, on the row's page; lists mask it for everyone."""
    record(CONTACTS_VIEWED, on=row, by=by)


def masked(contact: str) -> str:
    """Return `j•••@atelier.example` for an email address, `•••` for anything else, and "" for nothing."""
    local, at, domain = contact.rpartition("@")
    if at:
        return f"{local[:1]}{HIDDEN}@{domain}"
    return HIDDEN if contact else ""
