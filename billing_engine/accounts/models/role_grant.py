"""Where a person's roles come from."""

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models


class RoleGrant(models.Model):
    """One source of a person's role: given by an administrator, or by the identity provider's groups."""

    class Source(models.TextChoices):
        HAND = "hand", "An administrator"
        PROVIDER = "provider", "The identity provider"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="role_grants")
    role = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="+")
    source = models.CharField(max_length=8, choices=Source.choices)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="a_source_gives_a_person_a_role_only_once", fields=["user", "role", "source"]),
        ]

    def __str__(self) -> str:
        return f"{self.role} of {self.user}"
