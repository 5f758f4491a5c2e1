"""Actions that occurred before their lead; unusual, but accepted."""

from django.db import models

from leads.models.action import Action


class EarlyAction(models.Model):
    """An action that, according to its source, occurred before its lead."""

    # No constraint: it is written together with its action, and actions are never deleted.
    action = models.OneToOneField(
        Action, on_delete=models.DO_NOTHING, primary_key=True, related_name="early", db_constraint=False
    )

    def __str__(self) -> str:
        return str(self.pk)
