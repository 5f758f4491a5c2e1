"""What a person may correct about how a file is read, and how that is told."""

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget

from leads.domain.files.reading import ENCODINGS, SEPARATORS, Kind
from leads.domain.imports.content import reading_of
from leads.models import FileImport

KINDS = {
    Kind.TABLE: "Table (CSV or TSV)",
    Kind.WORKBOOK: "Workbook",
    Kind.JSON: "JSON",
    Kind.NDJSON: "NDJSON, one record per line",
}


class ReadingForm(forms.Form):
    """The encoding and separator of a table, the sheet of a workbook, and where the column names are."""

    encoding = forms.ChoiceField(choices=list(ENCODINGS.items()), widget=UnfoldAdminSelectWidget)
    separator = forms.ChoiceField(
        label="Columns are separated by",
        choices=[(sign, words.capitalize()) for sign, words in SEPARATORS.items()],
        widget=UnfoldAdminSelectWidget,
    )
    sheet = forms.ChoiceField(widget=UnfoldAdminSelectWidget)
    header = forms.IntegerField(
        label="Line with the column names", min_value=1, max_value=1_000, widget=UnfoldAdminIntegerFieldWidget
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sheets = self.initial.get("sheets", [])
        sheet: Any = self.fields["sheet"]
        sheet.choices = [(name, f"{name} ({rows:,} rows)") for name, rows, _ in sheets]
        for name in ("encoding", "separator") if sheets else ("sheet",):
            del self.fields[name]


def first_answers(item: FileImport) -> dict[str, Any]:
    """What is set now."""
    return {**item.reading, "sheets": item.found.get("sheets", [])}


def may_be_corrected(item: FileImport) -> bool:
    """Whether there is anything to correct: JSON is read in one way only."""
    return item.reading.get("kind") in (Kind.TABLE, Kind.WORKBOOK)


def shown_reading(item: FileImport) -> list[tuple[str, str]]:
    """How the file is read, as pairs of a name and its value."""
    if not item.reading:
        return []
    reading = reading_of(item)
    told = [("Kind", KINDS[reading.kind])]
    if reading.kind == Kind.WORKBOOK:
        told += [("Sheet", reading.sheet), ("Column names in row", f"{reading.header:,}")]
    else:
        told.append(("Encoding", ENCODINGS.get(reading.encoding, reading.encoding)))
    if reading.kind == Kind.TABLE:
        told += [("Separated by", reading.separated_by.capitalize()), ("Column names in line", f"{reading.header:,}")]
    return told
