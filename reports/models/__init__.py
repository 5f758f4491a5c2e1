"""Tables of reports: saved questions, their schedules, and the emails with their answers."""

from reports.models.mailing import ReportMailing
from reports.models.saved import ReportSchedule, SavedReport

__all__ = ["ReportMailing", "ReportSchedule", "SavedReport"]
