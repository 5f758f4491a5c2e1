"""The columns that a queue reads and writes on a row; everything else about the row is its owner's."""

from django.db import models

MOST_ATTEMPTS = 3  # workers try this often on their own; then the item needs a person


class WorkItem(models.Model):
    """A row that a worker takes up."""

    attempts = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="How often a worker began; counted before the work."
    )

    class Meta:
        abstract = True


class LeasedItem(WorkItem):
    """An item that is not locked while a worker has it: the worker holds a lease."""

    next_attempt_at = models.DateTimeField(
        null=True, blank=True, help_text="When it is due; while a worker has it, when the lease ends."
    )

    class Meta:
        abstract = True


class WorkPass(WorkItem):
    """A row that stands for a pass over many things; the attempts are those at the current one."""

    trying = models.BigIntegerField(default=0, db_default=0, help_text="What a worker took up last.")

    class Meta:
        abstract = True
