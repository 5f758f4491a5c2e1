"""Imports of files: each is looked at, tried in a dry run, and then stored part by part."""

from leads.models.file_import.file_import import BUSY, FileImport
from leads.models.file_import.part import FileImportPart

__all__ = ["BUSY", "FileImport", "FileImportPart"]
