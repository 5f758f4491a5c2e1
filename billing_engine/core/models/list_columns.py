"""The columns that a person chose for a list."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models


class ListColumns(models.Model):
    """The columns of one of the admin's lists that a person chose to see."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    listed = models.CharField(max_length=100, help_text="The model whose list it is, such as invoices.invoice.")
    columns = ArrayField(models.CharField(max_length=100))

    class Meta:
        verbose_name = "list columns"
        verbose_name_plural = "list columns"
        constraints = [
            models.UniqueConstraint(name="a_person_chooses_the_columns_of_a_list_once", fields=["person", "listed"])
        ]

    def __str__(self) -> str:
        return self.listed
