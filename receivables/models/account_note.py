"""Notes on customers' accounts."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from leads.models import Customer


class AccountNote(models.Model):
    """What a person wrote down about a customer's account, for colleagues; it is never changed, and no customer reads it."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="account_notes")
    text = models.TextField(max_length=2_000)
    written_at = models.DateTimeField()
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)

    class Meta:
        constraints = [models.CheckConstraint(name="a_note_says_something", condition=~Q(text=""))]

    def __str__(self) -> str:
        return f"Note on {self.customer}"
