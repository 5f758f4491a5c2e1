"""Write-offs: what we no longer expect to be paid, and why."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from billing_engine.core.money import MOST_PLACES, SUM_DIGITS
from receivables.models.ledger import LedgerDocument


class WriteOff(models.Model):
    """What is left of an open item and given up, with its reason; above a sum, once a second person approves."""

    class Reason(models.TextChoices):
        INSOLVENT = "insolvent", "Customer is insolvent"
        UNCOLLECTIBLE = "uncollectible", "Can't be collected"
        SMALL = "small", "Too small to collect"
        SETTLEMENT = "settlement", "Agreed settlement"

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting for approval"
        POSTED = "posted", "Posted"
        DROPPED = "dropped", "Not approved"

    item = models.ForeignKey(LedgerDocument, on_delete=models.PROTECT, related_name="write_offs")
    amount = models.DecimalField(max_digits=SUM_DIGITS, decimal_places=MOST_PLACES)
    reason = models.CharField(max_length=13, choices=Reason.choices)
    sentence = models.CharField(max_length=200)
    state = models.CharField(max_length=7, choices=State.choices, default=State.WAITING)
    written_at = models.DateTimeField()
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    document = models.OneToOneField(
        LedgerDocument, on_delete=models.PROTECT, null=True, blank=True, related_name="write_off"
    )

    class Meta:
        verbose_name = "write-off"
        constraints = [
            models.CheckConstraint(name="a_write_off_gives_something_up", condition=Q(amount__gt=0)),
            models.CheckConstraint(
                name="a_posted_write_off_names_its_document",
                condition=Q(state="posted", document__isnull=False) | (~Q(state="posted") & Q(document=None)),
            ),
            models.UniqueConstraint(
                name="one_write_off_of_an_item_waits", fields=["item"], condition=Q(state="waiting")
            ),
        ]

    def __str__(self) -> str:
        return f"Write-off of {self.item}"
