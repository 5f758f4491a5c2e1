"""Tables of reports: files that people asked for, saved questions, their schedules, and the emails with their answers."""

from reports.models.export import Export, ExportPart
from reports.models.mailing import ReportMailing
from reports.models.saved import ReportSchedule, SavedReport

__all__ = ["Export", "ExportPart", "ReportMailing", "ReportSchedule", "SavedReport"]
