"""The API keys of customers' programs."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from leads.models.customer import Customer
from leads.models.source import Key


class CustomerKey(Key):
    """What a customer's programs authenticate with; shown once, and only its digest is kept."""

    MARK, AUDIENCE = "lbc", "customer"

    class Scope(models.TextChoices):
        """What requests with a key may do."""

        READ = "read", "Read"
        DISPUTES = "disputes", "Open and follow disputes"

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="api_keys")
    name = models.CharField(max_length=60, help_text="What it is for.")
    scopes = ArrayField(models.CharField(max_length=20, choices=Scope.choices), help_text="What it may do.")
    contact = models.EmailField(
        max_length=254, help_text="Who answers for it: disputes opened with it name this address."
    )
    last_used_from = models.GenericIPAddressField(null=True, blank=True, help_text="The address of its last request.")

    class Meta(Key.Meta):
        abstract = False
        verbose_name = "customer API key"
        constraints = [
            models.CheckConstraint(
                name="a_customers_api_key_reads_and_has_known_scopes",
                condition=Q(scopes__contains=["read"], scopes__contained_by=["read", "disputes"]),
            ),
            models.CheckConstraint(
                name="a_customers_api_key_has_a_name_and_a_contact", condition=~Q(name="") & ~Q(contact="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.shown})"

    @property
    def owner(self) -> Customer:
        """Whose it is."""
        return self.customer

    def may(self, scope: str) -> bool:
        """Whether requests with it may do this."""
        return scope in self.scopes

    @property
    def may_in_words(self) -> str:
        """What it may do: `read`, or `read, open and follow disputes`."""
        return ", ".join(scope.label.lower() for scope in self.Scope if self.may(scope))
