"""What is cleared or archived: erasures, and raw bodies that left the database."""

from leads.models.people.archive import ArchivedBody, ArchiveRun, LeavingBody
from leads.models.people.erasure import Erasure, Redaction

__all__ = ["ArchiveRun", "ArchivedBody", "Erasure", "LeavingBody", "Redaction"]
