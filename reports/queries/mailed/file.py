"""The file of a mailed report: every row of the same question, or a sentence that says why it is not attached."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from billing_engine.core.errors import Refused
from billing_engine.core.tables.formats import FORMATS
from billing_engine.core.tables.pdf import TooLongForPaper
from billing_engine.core.tables.table import Cell
from reports.domain.question.question import Question
from reports.domain.saved.letter import File
from reports.queries.explore.file import table_of

MOST_BYTES = 10_000_000  # encoded, it is a third more, and many mail servers refuse what is larger


class DoesNotFit(Refused):
    """A file that is too large for an email is downloaded instead."""

    code = "does_not_fit"


def file_of(question: Question, *, at: datetime, form: str, title: str) -> File:
    """The whole file; raises BadQuestion, or DoesNotFit before it is kept in memory."""
    table = table_of(question, at=at, title=title)
    counted, content = _Counted(table.rows), bytearray()
    try:
        for chunk in FORMATS[form].write(table.with_rows(counted)):
            content += chunk
            if len(content) > MOST_BYTES:
                raise DoesNotFit("It would be too large for an email: download it from the explorer.")
    except TooLongForPaper as refusal:
        raise DoesNotFit(str(refusal)) from None
    return File(f"{table.name}.{form}", FORMATS[form].content_type, bytes(content), counted.rows)


class _Counted:
    """The rows of the answer, counted as they are read."""

    def __init__(self, read: Iterable[Sequence[Cell]]) -> None:
        self.read, self.rows = read, 0

    def __iter__(self) -> Iterator[Sequence[Cell]]:
        for row in self.read:
            self.rows += 1
            yield row
