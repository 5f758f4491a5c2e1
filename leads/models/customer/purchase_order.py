"""The PO numbers that customers ask for in their portal."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from leads.models.customer.customer import Customer


class PurchaseOrderRequest(models.Model):
    """A PO number that a customer asks for: finance confirms it, which makes it a term, or declines it with a reason."""

    class State(models.TextChoices):
        """The outcome."""

        WAITING = "waiting", "Waiting"
        CONFIRMED = "confirmed", "Confirmed"
        DECLINED = "declined", "Declined"
        WITHDRAWN = "withdrawn", "Withdrawn"

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+", db_index=False)
    number = models.CharField("PO number", max_length=60)
    first_day = models.DateField(
        "from", null=True, blank=True, help_text="Invoices issued from this day on. Empty: from the next invoice on."
    )
    state = models.CharField(max_length=9, choices=State.choices, default=State.WAITING)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    asked_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)
    answer = models.TextField(blank=True, help_text="Why it was declined.")
    printed_from = models.DateField(null=True, blank=True, help_text="The first day of the confirmed number.")

    class Meta:
        verbose_name = "PO number request"
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(
                name="a_customer_has_one_waiting_po_number_request", fields=["customer"], condition=Q(state="waiting")
            ),
            models.CheckConstraint(
                name="a_po_number_request_has_a_number_and_a_known_state",
                condition=~Q(number="") & Q(state__in=["waiting", "confirmed", "declined", "withdrawn"]),
            ),
            models.CheckConstraint(
                name="a_decided_po_number_request_says_when_and_what",
                condition=Q(state="waiting", decided_at=None, answer="", printed_from=None)
                | Q(state="withdrawn", decided_at__isnull=False, answer="", printed_from=None)
                | (Q(state="declined", decided_at__isnull=False, printed_from=None) & ~Q(answer=""))
                | Q(state="confirmed", decided_at__isnull=False, answer="", printed_from__isnull=False),
            ),
        ]
        indexes = [models.Index(name="po_number_requests_of_customer", fields=["customer", "-id"])]

    def __str__(self) -> str:
        return f"PO number {self.number} of {self.customer}"
