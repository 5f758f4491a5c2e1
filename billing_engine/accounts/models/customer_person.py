"""The kind of a person: staff, or a customer's."""

from django.conf import settings
from django.db import models


class CustomerPerson(models.Model):
    """A person of a customer: they log in to the portal, and are never staff."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, primary_key=True, related_name="customer_person"
    )
    enrolled_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.user.get_full_name() or self.user.get_username()
