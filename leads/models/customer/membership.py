"""The people of customers: their portal, who belongs to it, who is invited, and which staff looked."""

import secrets
import uuid
from datetime import date, datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from billing_engine.accounts.models import CustomerPerson, EmailedInvitation
from leads.models.customer.customer import Customer


def random_key() -> bytes:
    """A new key of 128 bits."""
    return secrets.token_bytes(16)


class CustomerPortal(models.Model):
    """A customer's portal: its random address, the key of the ids in it, and what the customer chose."""

    customer = models.OneToOneField(Customer, on_delete=models.PROTECT, primary_key=True, related_name="portal")
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    id_key = models.BinaryField(
        default=random_key, editable=False, help_text="Encrypts the numbers of rows in addresses."
    )
    second_factor_from = models.DateField(
        null=True, blank=True, help_text="From this day on each of the customer's people needs a second factor."
    )
    shows_contacts = models.BooleanField(default=False, help_text="Whether email addresses of leads are shown in full.")

    class Meta:
        permissions = [
            ("view_as_customer", "Can look at the portal as a customer sees it"),
            ("show_contacts", "Can decide whether a customer's people see contact data of leads"),
        ]

    def __str__(self) -> str:
        return f"Portal of {self.customer}"

    def needs_second_factor(self, day: date) -> bool:
        """Whether the customer's people need a second factor on this day."""
        return self.second_factor_from is not None and self.second_factor_from <= day


class MemberRole(models.TextChoices):
    """What a person may do in a customer's portal; each includes those before it."""

    VIEWER = "viewer", "Viewer"
    BILLING = "billing", "Billing contact"
    ADMINISTRATOR = "administrator", "Administrator"

    def includes(self, other: "MemberRole") -> bool:
        """Whether this role may do all that the other one may."""
        order = list(MemberRole)
        return order.index(self) >= order.index(other)


class Membership(models.Model):
    """A person's place in one customer's portal, with a role."""

    person = models.ForeignKey(CustomerPerson, on_delete=models.PROTECT, related_name="memberships")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="memberships", db_index=False)
    role = models.CharField(max_length=13, choices=MemberRole.choices)
    since = models.DateTimeField()
    seen_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="a_person_belongs_to_a_customer_once", fields=["customer", "person"]),
            models.CheckConstraint(
                name="a_member_of_a_portal_has_a_known_role", condition=Q(role__in=MemberRole.values)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} of {self.customer}"


class MemberInvitation(EmailedInvitation):
    """An invitation by email to a customer's portal: its link works once, until it expires."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+", db_index=False)
    role = models.CharField(max_length=13, choices=MemberRole.choices)
    accepted_by = models.ForeignKey(
        CustomerPerson, on_delete=models.PROTECT, null=True, blank=True, related_name="invitations"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "customer",
                Lower("email"),
                name="an_address_has_one_open_invitation_to_a_portal",
                condition=Q(accepted_at=None, withdrawn_at=None),
            ),
            models.CheckConstraint(
                name="an_accepted_invitation_to_a_portal_has_its_person",
                condition=Q(accepted_at=None, accepted_by=None)
                | Q(accepted_at__isnull=False, accepted_by__isnull=False, withdrawn_at=None),
            ),
            models.CheckConstraint(
                name="an_invitation_to_a_portal_expires_after_it_was_sent", condition=Q(expires_at__gt=F("sent_at"))
            ),
        ]


class PortalLook(models.Model):
    """A look by staff at a customer's portal: read-only, for a reason, and listed to the customer."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="portal_looks")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=200)
    began_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="a_look_at_a_portal_ends_after_it_began", condition=Q(ends_at__gte=F("began_at"))
            ),
            models.CheckConstraint(name="a_look_at_a_portal_has_a_reason", condition=~Q(reason="")),
        ]

    def __str__(self) -> str:
        return f"Look at {self.customer} by {self.by}"

    def is_open(self, at: datetime) -> bool:
        """Whether it is not over yet."""
        return self.began_at <= at < self.ends_at
