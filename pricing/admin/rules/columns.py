"""A price rule as one row of a spreadsheet, and such a row as the form of a draft."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import TextChoices

from billing_engine.core.calendar.wall_clock import NotAWallClockTime, read, written
from billing_engine.core.tables.csv import Cell
from leads.domain.identity import external_id
from leads.models import ActionType, Channel, Customer, Product, Source
from pricing.admin.rules.tier_form import tiers_of
from pricing.domain.rule_book.fit import close_to
from pricing.models import PriceRule
from pricing.models.rule import TIERS_AT_MOST, price_models
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
NAMED = ("customer", "product", "source", "action_type")
WALL_CLOCK = ("wall_from", "wall_to")
Choices = list[tuple[str, str]]
CHOSEN: dict[str, Callable[[], Choices]] = {
    "channel": lambda: _choices(Channel),
    "price_model": price_models,
    "once_per": lambda: _choices(PriceRule.Once),
}
NO_TIERS = {"tiers-TOTAL_FORMS": "0", "tiers-INITIAL_FORMS": "0"}
YES = {"yes", "true", "1", "x"}
NO = {"", "no", "false", "0"}
TIER = re.compile(r"^(?P<up_to>[^:+]*):(?P<rate>[^:+]*)(?:\+(?P<fee>[^:+]*))?$")

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
    tiers = sorted(rule.tiers.all(), key=lambda tier: (tier.up_to is None, tier.up_to or 0))
    return "; ".join(_tier(tier) for tier in tiers)


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


@dataclass(slots=True)
class Names:
    """What codes and SKUs stand for, read once for a whole sheet."""

    customers: dict[str, int]
    products: dict[tuple[int | None, str], list[int]]
    sources: dict[str, int]
    action_types: dict[str, int]
    spelled: dict[str, list[str]]  # the codes as they are written, by field

    @classmethod
    def read(cls) -> "Names":
        products: dict[tuple[int | None, str], list[int]] = {}
        for pk, customer, sku in Product.objects.values_list("pk", "customer", "sku"):
            products.setdefault((customer, sku.lower()), []).append(pk)
            products.setdefault((None, sku.lower()), []).append(pk)
        customers, sources, kinds = (
            dict(model.objects.values_list("code", "pk")) for model in (Customer, Source, ActionType)
        )
        return cls(
            customers=_in_small_letters(customers),
            products=products,
            sources=_in_small_letters(sources),
            action_types=_in_small_letters(kinds),
            spelled={"customer": list(customers), "source": list(sources), "action_type": list(kinds)},
        )


def _in_small_letters(codes: dict[str, int]) -> dict[str, int]:
    return {code.lower(): pk for code, pk in codes.items()}


def form_data(cells: Cells, names: Names) -> tuple[dict[str, Any], Faults]:
    """The row as what a browser would send of the form, and what of it nobody knows."""
    data: dict[str, Any] = {field: cells.get(column, "") for column, field in COLUMNS.items() if field}
    faults: Faults = []
    _name(data, faults, names)
    switch = str(data["highest_only"]).lower()
    if switch not in YES | NO:
        faults.append(("highest only", f"“{data['highest_only']}” is neither yes nor no."))
    data["highest_only"] = "on" if switch in YES else ""
    for field, choices in CHOSEN.items():
        _choose(data, faults, field, choices())
    for field in WALL_CLOCK:
        _wall_clock(data, faults, field)
    data["currency"] = str(data["currency"]).upper()
    data["priority"] = data["priority"] or "0"
    field_of_tiers = tiers_of(str(data["price_model"]))
    tiers, wrong = _tiers(cells.get("tiers", ""), rate=field_of_tiers.rate if field_of_tiers else "unit_price")
    return data | tiers, faults + wrong


def _choices(choices: type[TextChoices]) -> Choices:
    return [(str(code), str(label)) for code, label in choices.choices]


def _choose(data: dict[str, Any], faults: Faults, field: str, choices: Choices) -> None:
    """One of a few words, by its code or by its label, however it is written."""
    text = str(data[field]).strip()
    known = {_bare(name): code for code, label in choices for name in (code, label)}
    data[field] = known.get(_bare(text), "")
    if text and not data[field]:
        there_are = ", ".join(label.lower() for _, label in choices)
        faults.append((COLUMN_OF[field], f"“{text}” is none of these: {there_are}."))


def _bare(text: str) -> str:
    return re.sub(r"[\s_-]+", "", text.casefold())


def _wall_clock(data: dict[str, Any], faults: Faults, field: str) -> None:
    """A cell as the two boxes of the form, a day and a time."""
    text = str(data.pop(field)).strip()
    day, at = text, ""
    try:
        day, _, at = read(text).isoformat().partition("T") if text else ("", "", "")
    except NotAWallClockTime as error:
        faults.append((COLUMN_OF[field], str(error)))
    data |= {f"{field}_0": day, f"{field}_1": at}


def _name(data: dict[str, Any], faults: Faults, names: Names) -> None:
    known = {"customer": names.customers, "source": names.sources, "action_type": names.action_types}
    for field, codes in known.items():
        code = str(data[field]).strip()
        data[field] = codes.get(code.lower(), "") if code else ""
        if code and not data[field]:
            faults.append((COLUMN_OF[field], f"Nothing has the code “{code}”.{_meant(code, names.spelled[field])}"))
    sku = external_id(data["product"])
    found = names.products.get((data["customer"] or None, sku.lower()), []) if sku else []
    data["product"] = found[0] if len(found) == 1 else ""
    if sku and not found:
        faults.append(("product", f"No product has the SKU “{sku}”."))
    if len(found) > 1:
        faults.append(("product", f"Several customers have the SKU “{sku}”: name the customer."))


def _meant(code: str, known: Iterable[str]) -> str:
    found = close_to(code, known)
    return f" Did you mean {' or '.join(found)}?" if found else ""


def _tiers(text: str, *, rate: str) -> tuple[dict[str, str], Faults]:
    parts: Sequence[str] = [part.strip() for part in text.split(";") if part.strip()]
    if len(parts) > TIERS_AT_MOST:
        words = f"These are {len(parts):,} tiers; a price has at most {TIERS_AT_MOST:,}."
        return dict(NO_TIERS), [("tiers", words)]
    found = [TIER.match(part) for part in parts]
    wrong = [part for part, match in zip(parts, found, strict=True) if match is None]
    faults: Faults = [("tiers", f"“{part}” is no tier: write “100: 2.40” or “500: 1.80 + 20”.") for part in wrong]
    data = {"tiers-TOTAL_FORMS": str(len(parts)), "tiers-INITIAL_FORMS": "0"}
    for number, match in enumerate(each for each in found if each):
        data |= {
            f"tiers-{number}-up_to": match["up_to"].strip(),
            f"tiers-{number}-{rate}": match["rate"].strip(),
            f"tiers-{number}-flat_fee": (match["fee"] or "0").strip(),
        }
    return data, faults


def unknown_columns(header: Iterable[str]) -> list[str]:
    """Columns that mean nothing here: a typing error in a header must not lose a column."""
    return [name for name in header if name and name not in COLUMNS]
