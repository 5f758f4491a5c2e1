"""A price rule as one row of a spreadsheet, and in what such a row is not what the rule is."""

import re
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from billing_engine.core.calendar.wall_clock import NotAWallClockTime, read, written
from billing_engine.core.tables.csv import Cell
from pricing.domain.rule_book.validate import in_order
from pricing.models import PriceRule
from pricing.rating.prices import amount_fields


def _price_columns() -> dict[str, str]:
    """A column for each thing that a price is made of; tiers stand beside the unit price, whose place they take."""
    (first, *rest) = amount_fields()
    return {first.label: first.name, "tiers": "", **{each.label: each.name for each in rest}}


# The columns, each with its field; what has none is for people, or is read in its own way.
COLUMNS = {
    "id": "",
    "name": "name",
    "state": "",
    "customer": "customer",
    "product": "product",
    "category": "category",
    "action type": "action_type",
    "source": "source",
    "channel": "channel",
    "priority": "priority",
    "currency": "currency",
    "effective from": "wall_from",
    "effective to": "wall_to",
    "price model": "price_model",
    **_price_columns(),
    "once per": "once_per",
    "once days": "once_days",
    "highest only": "highest_only",
    "cap per lead": "cap_per_lead",
    "cap per period": "cap_per_period",
}
COLUMN_OF = {field: column for column, field in COLUMNS.items() if field}
YES = {"yes", "true", "1", "x"}
NO = {"", "no", "false", "0"}

Cells = dict[str, str]
Differences = list[tuple[str, str, str]]  # a column, what is stored there, what the row has
Faults = list[tuple[str, str]]  # a column, and what is wrong with it


def cells_of(rule: PriceRule) -> list[Cell]:
    """The rule's row."""
    return [_cell(rule, column, field) for column, field in COLUMNS.items()]


def _cell(rule: PriceRule, column: str, field: str) -> Cell:
    match column:
        case "id":
            return rule.pk
        case "state":
            return rule.state
        case "tiers":
            return tiers_as_text(rule)
        case "product":
            return rule.product.sku if rule.product else ""
        case "customer" | "source" | "action type":
            named = getattr(rule, field)
            return named.code if named else ""
    value = getattr(rule, field)
    if isinstance(value, datetime):
        return written(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return Decimal(f"{value.normalize():f}") if isinstance(value, Decimal) else value


def as_text(rule: PriceRule) -> Cells:
    """The rule's row as it would be read back."""
    cells = zip(COLUMNS, cells_of(rule), strict=True)
    return {column: "" if value is None else str(value) for column, value in cells}


def tiers_as_text(rule: PriceRule) -> str:
    """`100: 2.4; 500: 1.8 + 20; : 1.2`: up to, price (or percent), flat fee; the last one has no end."""
    return "; ".join(_tier(tier) for tier in in_order(rule.tiers.all()))


def _tier(tier: Any) -> str:
    rate = tier.unit_price if tier.percent is None else tier.percent
    end = "" if tier.up_to is None else f"{tier.up_to.normalize():f}"
    fee = f" + {tier.flat_fee.normalize():f}" if tier.flat_fee else ""
    return f"{end}: {rate.normalize():f}{fee}"


def differs(rule: PriceRule, cells: Cells) -> Differences:
    """In what a row is not what the rule is; numbers and times are compared as such."""
    return [
        (column, stored, cells[column])
        for column, stored in as_text(rule).items()
        if column not in ("id", "state") and column in cells and _plain(stored) != _plain(cells[column])
    ]


def _plain(text: str) -> str:
    text = text.strip()
    try:
        return f"{Decimal(text).normalize():f}"
    except ArithmeticError:
        pass
    try:
        return written(read(text))
    except NotAWallClockTime:
        text = text.lower()
    return "" if text in NO else "yes" if text in YES else re.sub(r"\s+", " ", text)


def unknown_columns(header: Iterable[str]) -> list[str]:
    """Columns that mean nothing here: a typing error in a header must not lose a column."""
    return [name for name in header if name and name not in COLUMNS]
