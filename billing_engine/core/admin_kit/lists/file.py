"""A list as a file: every row that was found, with the columns that are shown, as text and plain numbers."""

import re
from collections.abc import Iterator, Sequence
from html import unescape
from itertools import islice
from typing import Any

from django.contrib.admin.utils import display_for_field, lookup_field
from django.db.models import BooleanField, Model, QuerySet
from django.utils.safestring import SafeString

from billing_engine.core.admin_kit.cells import NOTHING, price, total
from billing_engine.core.admin_kit.columns import Column
from billing_engine.core.admin_kit.lists.chosen import title_of
from billing_engine.core.money import rounded
from billing_engine.core.tables.table import Cell
from billing_engine.core.tables.table import Column as FileColumn

ROWS_A_TIME = 500
# A long name is on the page twice: without its middle, as a list shows it, and whole.
SHORT = re.compile(r'<span class="lb-short">.*?</span>', re.DOTALL)
TAG = re.compile(r"<[^>]*>")
GROUPED = re.compile(r"-?\d{1,3}(,\d{3})+(\.\d+)?")


def heads_of(page: Any, names: Sequence[str]) -> list[FileColumn]:
    """The heads of the list; an amount of money has its currency beside it."""
    found = list[FileColumn]()
    for name in names:
        title = title_of(page, name)
        found += [FileColumn(title), FileColumn(f"{title}: currency")] if _is_money(page, name) else [FileColumn(title)]
    return found


def rows_of(page: Any, names: Sequence[str], found: QuerySet[Any]) -> Iterator[list[Cell]]:
    """The cells of each row under `heads_of`; the rows are read, and completed by the page, some at a time."""
    rows = found.iterator(chunk_size=ROWS_A_TIME)
    while some := list(islice(rows, ROWS_A_TIME)):
        page.prepare(some)
        yield from ([cell for name in names for cell in _cells(page, name, row)] for row in some)


def _is_money(page: Any, name: str) -> bool:
    shown = getattr(page, name, None)
    return isinstance(shown, Column) and shown.show in (price, total)


def _cells(page: Any, name: str, row: Model) -> list[Cell]:
    if _is_money(page, name):
        shown: Column = getattr(page, name)
        amount, currency, *_ = shown.values(row)
        return [rounded(amount, currency) if shown.show is total and amount is not None else amount, currency]
    field, _, value = lookup_field(name, row, page)
    if isinstance(field, BooleanField):
        return ["Yes" if value else "No"]
    return [text_of(value if field is None else display_for_field(value, field, NOTHING))]


def text_of(shown: object) -> str | None:
    """What a page shows, without its markup; a number without commas, and None where there is nothing."""
    plain = unescape(TAG.sub(" ", SHORT.sub("", shown))) if isinstance(shown, SafeString) else str(shown)
    text = " ".join(plain.split())
    if text == NOTHING:
        return None
    return text.replace(",", "") if GROUPED.fullmatch(text) else text
