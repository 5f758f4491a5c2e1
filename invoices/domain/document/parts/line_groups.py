"""The lines of an invoice by action: rows of products, and for prices in tiers a table of products × tiers."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from billing_engine.core import money
from invoices.domain.document.content_lines import ChargedLine, TierPart
from invoices.domain.document.parts.tier_columns import Tier, TierCell, TierColumns
from invoices.domain.wording import clean, quantity_in_words
from invoices.models import InvoiceLine

MOST_LINES = 20  # on the first page; more follow on the next pages
HEADINGS = {
    InvoiceLine.Kind.MINIMUM: "Monthly minimum",
    InvoiceLine.Kind.ADJUSTMENT: "Adjustments",
    InvoiceLine.Kind.CREDIT: "Credits",
}
VOLUME = "volume"


@dataclass(frozen=True, slots=True)
class LineRow:
    """One line: what was counted in each tier, or how many at which price."""

    name: str
    notes: tuple[str, ...]
    quantity: str
    unit_price: str
    amount: str
    cells: tuple[TierCell, ...] = ()
    tiers: tuple[TierPart, ...] = ()  # below it, if its tiers do not fit as columns
    position: int = 0


@dataclass(frozen=True, slots=True)
class LineGroup:
    """The lines of one action: those of one price in tiers, or all that have a single price."""

    heading: str
    unit: str
    rows: tuple[LineRow, ...]
    tiers: tuple[Tier, ...] = ()
    total: LineRow | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class ActionSum:
    """All lines of one action, for the first page of a long invoice."""

    name: str
    lines: str
    quantity: str
    amount: str


@dataclass(frozen=True, slots=True)
class _Shown:
    """A stored line with its words."""

    stored: InvoiceLine
    line: ChargedLine
    heading: str
    name: str


def groups_of(lines: Sequence[tuple[InvoiceLine, ChargedLine]], currency: str) -> tuple[LineGroup, ...]:
    """Return the lines by action, in the order of their first lines."""
    by_heading: dict[str, dict[int, list[_Shown]]] = {}
    for each in _shown(lines):
        counts_by = (each.stored.rule_id or 0) if each.line.tiers else 0
        by_heading.setdefault(each.heading, {}).setdefault(counts_by, []).append(each)
    together = _together([stored for stored, _ in lines])
    return tuple(
        _in_tiers(alike, currency, together.get(rule, "")) if rule else _at_one_price(alike)
        for groups in by_heading.values()
        for rule, alike in groups.items()
    )


def sums_by_action(lines: Sequence[tuple[InvoiceLine, ChargedLine]], currency: str) -> tuple[ActionSum, ...]:
    """Return the sum of each action if there are too many lines for the first page."""
    if len(lines) <= MOST_LINES:
        return ()
    by_heading: dict[str, list[_Shown]] = {}
    for each in _shown(lines):
        by_heading.setdefault(each.heading, []).append(each)
    return tuple(
        ActionSum(
            heading,
            f"{quantity_in_words(Decimal(len(alike)))} line{'' if len(alike) == 1 else 's'}",
            f"{_quantity(alike)} {_unit(alike)}".strip() if _unit(alike) else "",
            _amount(alike, currency),
        )
        for heading, alike in by_heading.items()
    )


def _shown(lines: Iterable[tuple[InvoiceLine, ChargedLine]]) -> Iterable[_Shown]:
    for stored, line in lines:
        heading, name = _heading_and_name(stored)
        yield _Shown(stored, line, heading, name)


def _heading_and_name(line: InvoiceLine) -> tuple[str, str]:
    """Split `Oak veneer · Sample order · Winter price` into its action and the rest.

    The stored text stays what it was when a product or an action gets another name.
    """
    if line.kind in HEADINGS:
        return HEADINGS[InvoiceLine.Kind(line.kind)], clean(line.description)
    product, action = line.product and line.product.name, line.action_type and line.action_type.name
    begins = f"{product} · {action}"
    if line.description == begins or line.description.startswith(f"{begins} · "):
        return clean(action or ""), clean(f"{product}{line.description.removeprefix(begins)}")
    product, _, rest = line.description.partition(" · ")
    action, dot, rule = rest.partition(" · ")
    return clean(action), clean(f"{product}{dot}{rule}")


def _at_one_price(alike: list[_Shown]) -> LineGroup:
    unit = _unit(alike)
    rows = [_row(each, unit) for each in alike]
    return LineGroup(alike[0].heading, unit, tuple(rows))


def _in_tiers(alike: list[_Shown], currency: str, together: str) -> LineGroup:
    unit, columns = _unit(alike), TierColumns.of([(each.stored, each.line.tiers) for each in alike], currency)
    total = _total(alike, currency) if len(alike) > 1 else None
    if not columns.fit:
        rows = [replace(_row(each, unit), tiers=each.line.tiers) for each in alike]
        return LineGroup(alike[0].heading, unit, tuple(rows), (), total, together)
    rows = [replace(_row(each, unit), cells=columns.cells(place)) for place, each in enumerate(alike)]
    if total:
        total = replace(total, cells=columns.sums())
    else:
        rows = [replace(rows[0], cells=columns.sums())]
    return LineGroup(alike[0].heading, unit, tuple(rows), columns.heads, total, together)


def _row(each: _Shown, unit: str) -> LineRow:
    line = each.line
    quantity = line.quantity if unit or not line.quantity else f"{line.quantity} {line.unit}".strip()
    return LineRow(each.name, line.notes, quantity, line.unit_price, line.amount, position=line.position)


def _total(alike: list[_Shown], currency: str) -> LineRow:
    name = "All products" if len({each.stored.product_id for each in alike}) > 1 else "All lines"
    return LineRow(name, (), _quantity(alike), "", _amount(alike, currency))


def _unit(alike: list[_Shown]) -> str:
    """Return the unit of all of the lines; "" if they differ."""
    units = {each.line.unit for each in alike if each.line.quantity}
    return units.pop() if len(units) == 1 else ""


def _quantity(alike: list[_Shown]) -> str:
    return quantity_in_words(sum((each.stored.quantity for each in alike), money.ZERO))


def _amount(alike: list[_Shown], currency: str) -> str:
    return money.in_words(sum((each.stored.amount for each in alike), money.ZERO), currency)


def _together(lines: Iterable[InvoiceLine]) -> dict[int, str]:
    """Return the sentence of each rule that counts several products or actions together."""
    products, actions, volumes = Counter[int](), Counter[int](), set[int]()
    seen = set[tuple[int, str, int | None]]()
    for line in lines:
        if line.kind != InvoiceLine.Kind.CHARGES or not line.rule_id:
            continue
        for what, pk, counter in (("product", line.product_id, products), ("action", line.action_type_id, actions)):
            if (key := (line.rule_id, what, pk)) not in seen:
                seen.add(key)
                counter[line.rule_id] += 1
        if any(row.get("model") == VOLUME for row in line.detail):
            volumes.add(line.rule_id)
    return {
        rule: words
        for rule in products
        if (words := _sentence(products[rule], actions[rule], is_volume=rule in volumes))
    }


def _sentence(products: int, actions: int, *, is_volume: bool) -> str:
    kinds = [word for word, many in (("products", products), ("actions", actions)) if many > 1]
    if not kinds:
        return ""
    how = "; the sum of the period decides the price." if is_volume else ", in order of time."
    return f"All {' and '.join(kinds)} count together{how}"
