"""The file of a mailed report: every row of the same question, or a sentence that says why it is not attached."""

from collections.abc import Iterator
from datetime import datetime

from django.utils.text import slugify

from billing_engine.core.errors import Refused
from billing_engine.core.tables.formats import FORMATS
from billing_engine.core.tables.pdf import TooLongForPaper
from billing_engine.core.tables.table import Cell, Column, Kind, Notes, Table
from reports.domain.question import measures
from reports.domain.question.question import Question
from reports.domain.question.wording import WHOSE_DAYS, title_of
from reports.domain.saved.letter import File
from reports.queries.explore.every_row import every_row_of

MOST_BYTES = 10_000_000  # encoded, it is a third more, and many mail servers refuse what is larger
KINDS = {
    measures.Kind.COUNT: Kind.INTEGER,
    measures.Kind.QUANTITY: Kind.DECIMAL,
    measures.Kind.MONEY: Kind.DECIMAL,
    measures.Kind.SHARE: Kind.DECIMAL,
}


class DoesNotFit(Refused):
    """A file that is too large for an email is downloaded instead."""

    code = "does_not_fit"


def file_of(question: Question, *, at: datetime, form: str, title: str) -> File:
    """The whole file; raises BadQuestion, or DoesNotFit before it is kept in memory."""
    counted = _Counted(question, at)
    name = f"{slugify(title, allow_unicode=True)[:80].strip('-') or 'report'}-{at:%Y-%m-%d}"
    notes = Notes(question=title_of(question), time_zone=WHOSE_DAYS, made_at=at)
    table = Table(name, title, counted.columns, counted, notes)
    content = bytearray()
    try:
        for chunk in FORMATS[form].write(table):
            content += chunk
            if len(content) > MOST_BYTES:
                raise DoesNotFit("It would be too large for an email: download it from the explorer.")
    except TooLongForPaper as refusal:
        raise DoesNotFit(str(refusal)) from None
    return File(f"{name}.{form}", FORMATS[form].content_type, bytes(content), counted.rows)


class _Counted:
    """The rows of the answer, counted as they are read."""

    def __init__(self, question: Question, at: datetime) -> None:
        self.every_row = every_row_of(question, at=at)
        self.columns = _columns(question, self.every_row.header)
        self.rows = 0

    def __iter__(self) -> Iterator[tuple[Cell, ...]]:
        for row in self.every_row.rows:
            self.rows += 1
            yield row


def _columns(question: Question, header: tuple[str, ...]) -> list[Column]:
    """The last are figures; before them are names, numbers of rows, and days."""
    figures = [KINDS[each.kind] for each in question.measures]
    times = {f"{each.name} from" for each in question.dimensions if each.is_time} | {"Day"}
    names = header[: len(header) - len(figures)]
    kinds = [Kind.DATE if name in times else Kind.INTEGER if name.endswith(" ID") else Kind.TEXT for name in names]
    return [Column(name, kind) for name, kind in zip(header, [*kinds, *figures], strict=True)]
