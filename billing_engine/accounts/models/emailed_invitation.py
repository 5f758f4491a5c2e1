"""What every invitation by email has in common."""

from django.conf import settings
from django.db import models


class EmailedInvitation(models.Model):
    """An invitation whose link works once, until it expires, is withdrawn, or is sent again."""

    email = models.EmailField(max_length=150)  # it becomes the user name
    name = models.CharField(max_length=150)
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    invited_at = models.DateTimeField()
    sent_at = models.DateTimeField(help_text="When the link was last sent; older links no longer work.")
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.name} <{self.email}>"

    @property
    def is_open(self) -> bool:
        """Whether it was neither accepted nor withdrawn."""
        return self.accepted_at is None and self.withdrawn_at is None
