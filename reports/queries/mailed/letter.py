"""Compose the email of a schedule: the answer as of the time it was due, as text, as HTML, as a picture and as a file."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from django.template.loader import render_to_string
from django.urls import reverse

from billing_engine.core.calendar.instants import instant_in_words
from billing_engine.core.charts.picture import picture_of
from billing_engine.core.read_replica import from_copy, one_snapshot
from invoices.domain.wording import clean
from reports.domain.question.dimensions import DIMENSIONS
from reports.domain.question.wording import title_of
from reports.domain.saved.letter import PICTURE, File, Letter
from reports.domain.saved.saved_report import question_of
from reports.models import ReportMailing, ReportSchedule
from reports.queries.explore.answer import MOST_ROWS, Answer, answer_of
from reports.queries.explore.shown.chart import over_time, ranking
from reports.queries.explore.wording import days_in_words, filters_in_words, zones_in_words
from reports.queries.mailed.file import DoesNotFit, file_of
from reports.queries.mailed.small_table import SmallTable, small_tables


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What the text and the HTML of a letter say."""

    name: str
    title: str
    days: str
    whose_days: str
    filters: list[str]
    as_of: str
    tables: list[SmallTable]
    address: str
    notes: list[str] = field(default_factory=list)
    file: File | None = None
    picture: str = ""  # its Content-ID
    picture_title: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart of the first currency as PNG."""

    title: str
    content: bytes


@from_copy
def letter_of(mailing: ReportMailing) -> Letter:
    """The letter of an email that is due; raises BadQuestion if the question can no longer be answered."""
    schedule = mailing.schedule
    if mailing.is_notice:
        return _notice(schedule)
    with one_snapshot():  # activity may be rated meanwhile, and the parts of a letter may not disagree
        content, picture = _read(schedule, mailing.due_at)
    return Letter(
        subject=clean(f"{content.name}: {content.days}"),
        text=render_to_string("reports/mail/report.txt", {"letter": content}),
        html=render_to_string("reports/mail/report.html", {"letter": content}),
        picture=picture.content if picture else None,
        file=content.file,
    )


def _read(schedule: ReportSchedule, due_at: datetime) -> tuple[Content, Picture | None]:
    """The table, the file and the picture of one question."""
    question = question_of(schedule.report)
    answer = answer_of(question, at=due_at)
    notes, file = list(_notes(answer)), None
    try:
        file = file_of(question, at=due_at, form=schedule.file_format, title=schedule.report.name)
    except DoesNotFit as refusal:
        notes.append(f"No file is attached. {refusal}")
    picture = _picture(answer)
    content = replace(_content(schedule, answer, due_at, notes), file=file)
    if picture:
        content = replace(content, picture=PICTURE, picture_title=picture.title)
    return content, picture


def _content(schedule: ReportSchedule, answer: Answer, due_at: datetime, notes: list[str]) -> Content:
    zone = ZoneInfo(schedule.time_zone)
    question = question_of(schedule.report)
    return Content(
        name=schedule.report.name,
        title=title_of(question),
        days=days_in_words(answer.scope),
        whose_days=f"Days are {zones_in_words(answer.scope)}.",
        filters=[f"{name}: {words}" for _, name, words in filters_in_words(answer.scope)],
        as_of=instant_in_words(due_at, zone),
        tables=small_tables(answer),
        address=f"{schedule.site}{reverse('admin:reports_explorer')}?{question}",
        notes=notes,
    )


def _notes(answer: Answer) -> Iterator[str]:
    if answer.is_empty:
        yield "Nothing was found for these days."
    if answer.left_out:
        names = " and ".join(DIMENSIONS[code].many for code in answer.left_out)
        yield f"There are more than {MOST_ROWS:,} rows, so {names} are only in the file."
    if answer.waiting:
        periods = "1 billing period has" if answer.waiting == 1 else f"{answer.waiting:,} billing periods have"
        yield f"{periods} activity that is not rated yet and not in these figures."


def _picture(answer: Answer) -> Picture | None:
    currency = next(iter(answer.by_currency), None)
    if currency is None or answer.is_empty:
        return None
    shown = f"{answer.question.measures[0].name}{f', {currency}' if currency else ''}"
    if (drawn := ranking(answer, currency, literal=True)) is not None:
        return Picture(shown, picture_of(drawn))
    timed = over_time(answer, currency, literal=True)
    return Picture(shown, picture_of(timed[1])) if timed else None


def _notice(schedule: ReportSchedule) -> Letter:
    page = reverse("admin:reports_reportschedule_change", args=[schedule.pk])
    return Letter(
        subject=clean(f"Paused: {schedule.report.name}"),
        text=render_to_string("reports/mail/paused.txt", {"schedule": schedule, "address": f"{schedule.site}{page}"}),
    )
