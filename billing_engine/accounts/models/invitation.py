"""Invitations of new staff."""

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower


class Invitation(models.Model):
    """An invitation by email to become a staff member: its link works once, until it expires."""

    email = models.EmailField(max_length=150)  # it becomes the user name
    name = models.CharField(max_length=150)
    roles = models.ManyToManyField(Group, related_name="+", blank=True)
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    invited_at = models.DateTimeField()
    sent_at = models.DateTimeField(help_text="When the link was last sent; older links no longer work.")
    expires_at = models.DateTimeField()
    accepted_by = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="invitation"
    )
    accepted_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="an_address_has_one_open_invitation",
                condition=Q(accepted_at=None, withdrawn_at=None),
            ),
            models.CheckConstraint(
                name="an_accepted_invitation_has_its_person",
                condition=Q(accepted_at=None, accepted_by=None)
                | Q(accepted_at__isnull=False, accepted_by__isnull=False, withdrawn_at=None),
            ),
            models.CheckConstraint(
                name="an_invitation_expires_after_it_was_sent", condition=Q(expires_at__gt=models.F("sent_at"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} <{self.email}>"

    @property
    def is_open(self) -> bool:
        """Whether it was neither accepted nor withdrawn."""
        return self.accepted_at is None and self.withdrawn_at is None
