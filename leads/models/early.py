"""What is odd about an action, and no reason to refuse it."""

from django.db import models

from leads.models.action import Action


class EarlyAction(models.Model):
    """An action that occurred before its lead did, as its source says."""

    # As on the action: written together with it, and no action is ever deleted.
    action = models.OneToOneField(
        Action, on_delete=models.DO_NOTHING, primary_key=True, related_name="early", db_constraint=False
    )

    def __str__(self) -> str:
        return str(self.pk)
