"""How workers know that the price rules or the catalog changed."""

from django.db import models


class BookStamp(models.Model):
    """A mark that every change to price rules or catalog facts replaces, so that workers know when to read them again."""

    class Kind(models.TextChoices):
        RULES = "rules", "Price rules and their tiers"
        CATALOG = "catalog", "Facts of products, sources and action types"

    # Usually one row of each kind. Changes made at the same time take a row each, so that none waits for another.
    kind = models.CharField(max_length=7, choices=Kind.choices)
    stamp = models.UUIDField(help_text="Never used twice, so what is rolled back is never taken for what is committed.")

    def __str__(self) -> str:
        return f"{self.kind} {self.stamp}"
