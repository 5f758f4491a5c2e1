"""Tables of reports: the files that people asked for."""

from reports.models.export import Export, ExportPart

__all__ = ["Export", "ExportPart"]
