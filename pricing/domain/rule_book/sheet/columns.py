"""A price rule as one spreadsheet row, and how a row differs from its rule."""

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
    """One column per price field; the tiers stand next to the unit price that they replace."""
    (first, *rest) = amount_fields()
    return {first.label: first.name, "tiers": "", **{each.label: each.name for each in rest}}


# Columns with their fields; those without one are for people, or are read separately.
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
Differences = list[tuple[str, str, str]]  # column, stored value, value in the row
Faults = list[tuple[str, str]]  # column and error


def cells_of(rule: PriceRule) -> list[Cell]:
    """The rule as a row."""
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
    """`100: 2.4; 500: 1.8 + 20; : 1.2`: upper end, price (or percent), flat fee; the last tier has no end."""
    return "; ".join(_tier(tier) for tier in in_order(rule.tiers.all()))


def _tier(tier: Any) -> str:
    rate = tier.unit_price if tier.percent is None else tier.percent
    end = "" if tier.up_to is None else f"{tier.up_to.normalize():f}"
    fee = f" + {tier.flat_fee.normalize():f}" if tier.flat_fee else ""
    return f"{end}: {rate.normalize():f}{fee}"


def differs(rule: PriceRule, cells: Cells) -> Differences:
    """How a row differs from its rule; numbers and times are compared by value."""
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
    """Unknown columns: a typo in a header must not lose a column."""
    return [name for name in header if name and name not in COLUMNS]
