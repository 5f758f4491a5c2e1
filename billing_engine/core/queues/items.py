"""The columns that a queue reads and writes on a row; the app owns everything else about the row."""

from django.db import models

MOST_ATTEMPTS = 3  # workers try this often; then the item needs a person


class WorkItem(models.Model):
    """A row that workers process."""

    attempts = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="Number of attempts, counted before the work."
    )

    class Meta:
        abstract = True


class LeasedItem(WorkItem):
    """An item that is not locked while a worker has it: the worker holds a lease instead."""

    next_attempt_at = models.DateTimeField(
        null=True, blank=True, help_text="When it is due. While a worker has it, when its lease ends."
    )

    class Meta:
        abstract = True


class WorkPass(WorkItem):
    """A row for a pass over many things; attempts are those at the current batch."""

    trying = models.BigIntegerField(
        default=0, db_default=0, help_text="The first thing of the batch that a worker processed last."
    )
    one_by_one = models.PositiveSmallIntegerField(
        default=0,
        db_default=0,
        help_text="How many things are processed one by one, because together they failed or their worker ended.",
    )

    class Meta:
        abstract = True
