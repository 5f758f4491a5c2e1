"""The parts of imported files."""

from django.db import models

from leads.models.delivery import Delivery
from leads.models.file_import.file_import import FileImport


class FileImportPart(models.Model):
    """A part of an imported file and the delivery that it became."""

    file_import = models.ForeignKey(FileImport, on_delete=models.PROTECT, related_name="parts", db_index=False)
    start = models.BigIntegerField(help_text="The line, row or item after which it begins.")
    delivery = models.OneToOneField(Delivery, on_delete=models.PROTECT, related_name="file_part")

    class Meta:
        constraints = [
            models.UniqueConstraint(name="a_part_of_an_imported_file_is_stored_once", fields=["file_import", "start"]),
        ]

    def __str__(self) -> str:
        return f"{self.file_import} after {self.start:,}"
