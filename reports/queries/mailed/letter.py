"""Compose the email of a schedule: the answer as of the time it was due, as text, as HTML, as a picture and as a file."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.template.loader import render_to_string
from django.urls import reverse

from billing_engine.core.calendar.instants import instant_in_words
from billing_engine.core.charts.picture import picture_of
from billing_engine.core.read_replica import from_copy
from invoices.domain.wording import clean
from reports.domain.question.question import Question
from reports.domain.question.wording import WHOSE_DAYS, days_in_words, title_of
from reports.domain.saved.letter import PICTURE, File, Letter
from reports.domain.saved.saved_report import question_of
from reports.models import ReportMailing, ReportSchedule
from reports.queries.explore.answer import Answer, answer_of
from reports.queries.explore.chart import over_time, ranking
from reports.queries.mailed.file import file_of
from reports.queries.mailed.small_table import SmallTable, small_tables

MOST_BYTES = 10_000_000  # of an attached file: many mail servers refuse more than twice that, encoded


@dataclass(frozen=True, slots=True)
class Parts:
    """What the text and the HTML of a letter say."""

    name: str
    title: str
    days: str
    whose_days: str
    filters: list[str]
    as_of: str
    tables: list[SmallTable]
    notes: list[str]
    address: str
    file: str
    picture: str = ""  # its Content-ID
    picture_title: str = ""


@from_copy
def letter_of(mailing: ReportMailing) -> Letter:
    """The letter of an email that is due; raises BadQuestion if the question can no longer be answered."""
    schedule = mailing.schedule
    if mailing.is_notice:
        return _notice(schedule)
    question = question_of(schedule.report)
    return _report(schedule, question, answer_of(question, at=mailing.due_at), due_at=mailing.due_at)
