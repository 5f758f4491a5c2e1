"""Invitations of new staff."""

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from billing_engine.accounts.models.emailed_invitation import EmailedInvitation


class Invitation(EmailedInvitation):
    """An invitation by email to become a staff member: its link works once, until it expires."""

    roles = models.ManyToManyField(Group, related_name="+", blank=True)
    accepted_by = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="invitation"
    )

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
