"""Who takes a step in a dispute."""

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db.models import Model

from leads.models import Customer, CustomerKey


@dataclass(frozen=True, slots=True)
class Speaker:
    """One of us, or a contact of the customer by email address."""

    user: User | None = None
    contact: str = ""
    member: User | None = None  # the contact's own log-in to the portal, if that is where it was done
    key: CustomerKey | None = None  # the API key, if a program of the contact's did it

    def __post_init__(self) -> None:
        if (self.user is None) == (not self.contact):
            raise ValueError("A speaker is one of us or a contact of the customer.")

    def actor(self, customer: Customer) -> Model:
        """Return who did it for the deed log: a contact without a log-in acts for the customer."""
        return self.user or self.member or self.key or customer
