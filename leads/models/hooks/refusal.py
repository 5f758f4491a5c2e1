"""The calls that were refused at the address of a webhook."""

from django.db import models

from leads.models.hooks.hook import Hook


class HookRefusal(models.Model):
    """How often calls to an inbound webhook were refused on one day (UTC) for one reason; their bodies are not kept."""

    hook = models.ForeignKey(Hook, on_delete=models.CASCADE, related_name="refusals", db_index=False)
    day = models.DateField()
    code = models.CharField(max_length=40)
    times = models.PositiveIntegerField(default=1)
    message = models.TextField(help_text="The answer to the last of them.")
    last_at = models.DateTimeField()

    class Meta:
        verbose_name = "refused call"
        constraints = [
            models.UniqueConstraint(
                name="refused_calls_of_a_day_are_counted_once_per_reason", fields=["hook", "day", "code"]
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} on {self.day}"
