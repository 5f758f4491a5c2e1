"""`pricing/README.md` is correct: each of its examples is run, and must give the printed result."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any

import pytest

from billing_engine.core.money import rounded, spread
from pricing.rating.counters import Counters
from pricing.rating.instants import Instant, instant, moment, stretch
from pricing.rating.period import rate_period
from pricing.rating.prices import Graduated, GraduatedPercentage, Package, Percentage, PerUnit, Price, Tier, Volume
from pricing.rating.values import (
    ActionFacts,
    Catalog,
    CustomerFacts,
    Decision,
    Once,
    ProductFacts,
    RuleFacts,
    SourceFacts,
)
from tests.house.tree import ROOT

Row = dict[str, str]
Tables = dict[str, list[Row]]  # by the head of the first column

PAGE = (ROOT / "pricing" / "README.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^#{2,3} (.+)$([\s\S]*?)(?=^#{2,3} |\Z)", PAGE, re.MULTILINE))
EXAMPLES = {title: body for title, body in SECTIONS.items() if title.startswith("Example: ")}
RATED = [title for title, body in EXAMPLES.items() if "| day |" in body]
ROUNDED = [title for title in EXAMPLES if title not in RATED]

CUSTOMER = 7
LONG_AGO = moment(datetime(2020, 1, 1, tzinfo=UTC))
A_DAY = stretch(timedelta(days=1))
TIER = re.compile(r"([\d.]+)(?: each|% of the value)(?: plus ([\d.]+))?(?: up to (\d+))?")
PACKAGE = re.compile(r"([\d.]+) per started package of ([\d.]+)")
PERCENTAGE = re.compile(
    r"([\d.]+)% of the value(?: plus (?P<fixed_fee>[\d.]+))?"
    r"(?:, at least (?P<minimum>[\d.]+) and at most (?P<maximum>[\d.]+))?"
)
FREE = {
    re.compile(r"the first ([\d.]+) free"): "free_units",
    re.compile(r"the first ([\d.]+) of value free"): "free_value",
    re.compile(r"the first (\d+) actions free"): "free_actions",
}
CAP = re.compile(r"at most ([\d.]+) per (lead|period)")
ONCE = re.compile(r"once per (lead|person) in (\d+) days")


def tables(body: str) -> Tables:
    found: Tables = {}
    for block in re.findall(r"(?:^\|.*\n?)+", body, re.MULTILINE):
        head, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in block.splitlines()]
        found[head[0]] = [dict(zip(head, row, strict=True)) for row in rows]
    return found


WORLD = tables(SECTIONS["The example data"])
PRODUCTS, SOURCES, TYPES = (
    {row[kind]: number for number, row in enumerate(WORLD[kind], start=1)}
    for kind in ("product", "source", "action type")
)
CATALOG = Catalog(
    products={
        PRODUCTS[row["product"]]: ProductFacts(PRODUCTS[row["product"]], row["category"]) for row in WORLD["product"]
    },
    sources={SOURCES[row["source"]]: SourceFacts(SOURCES[row["source"]], row["channel"]) for row in WORLD["source"]},
    is_billable={TYPES[row["action type"]]: row["billable"] == "yes" for row in WORLD["action type"]},
)


def micro(amount: str) -> int:
    return int(Decimal(amount).scaleb(6))


def moment_of(day: str) -> Instant:
    """`14` is October 14, 2026; a whole date is itself."""
    return moment(datetime.fromisoformat(f"2026-10-{day:0>2}" if len(day) < 3 else day).replace(tzinfo=UTC))


def price(words: str, free: dict[str, int]) -> Price:
    """`2.50 each`, tiers (`1.00 each up to 100, then 0.50 each plus 20.00`), `by volume: …`, packages, percentages."""
    if found := PACKAGE.fullmatch(words):
        return Package(micro(found[2]), micro(found[1]), **free)
    if found := PERCENTAGE.fullmatch(words):
        given = {name: micro(number) for name, number in found.groupdict().items() if number}
        return Percentage(micro(found[1]), **given, **free)
    parts = [TIER.fullmatch(part) for part in words.removeprefix("by volume: ").split(", then ")]
    tiers = tuple(Tier(part[3] and micro(part[3]), micro(part[1]), micro(part[2] or "0")) for part in parts if part)
    assert len(parts) == len(tiers), words
    if "%" in words:
        return GraduatedPercentage(tiers, **free)
    if words.startswith("by volume: "):
        return Volume(tiers, **free)
    return Graduated(tiers, **free) if len(tiers) > 1 else PerUnit(tiers[0].rate, **free)


def allowances(limits: list[str]) -> dict[str, int]:
    """The free part, in the price models' fields."""
    found = {name: match[1] for words in limits for one, name in FREE.items() if (match := one.fullmatch(words))}
    return {name: int(number) if name == "free_actions" else micro(number) for name, number in found.items()}


def options(limits: list[str]) -> dict[str, Any]:
    """A rule's limits: `once per lead in 10 days`, `highest only`, `at most 8.00 per lead`."""
    found: dict[str, Any] = {}
    for words in limits:
        if cap := CAP.fullmatch(words):
            found[f"cap_per_{cap[2]}"] = micro(cap[1])
        elif once := ONCE.fullmatch(words):
            found["once"] = Once(once[1] == "person", int(once[2]) * A_DAY)
        elif words == "highest only":
            found["highest_only"] = True
        else:
            assert any(one.fullmatch(words) for one in FREE), words
    return found


def scope(words: str) -> Iterator[tuple[str, Any]]:
    for part in words.split(", "):
        name, _, value = part.rpartition(" ")
        if part == "customer":
            yield "customer", CUSTOMER
        elif name in ("category", "channel"):
            yield name, value
        elif part != "everything":
            ids: Mapping[str, int] = {"product": PRODUCTS, "source": SOURCES, "action type": TYPES}[name]
            yield name.replace(" ", "_"), ids[value]


def rules(rows: list[Row]) -> list[RuleFacts]:
    ids = {row["rule"]: number for number, row in enumerate(rows, start=1)}
    return [
        RuleFacts(
            id=ids[row["rule"]],
            lineage=ids[row.get("revises") or row["rule"]],
            price=price(row["price"], allowances(limits(row))),
            currency="USD",
            effective_from=moment_of(row["from"]) if row.get("from") else LONG_AGO,
            effective_to=moment_of(row["to"]) if row.get("to") else None,
            priority=int(row.get("priority") or 0),
            **dict(scope(row["scope"])),
            **options(limits(row)),
        )
        for row in rows
    ]


def limits(row: Row) -> list[str]:
    return [words for words in row.get("limits", "").split(", ") if words]


def customer(rows: list[Row]) -> CustomerFacts:
    facts = {row["customer"]: row["is"] for row in rows}
    first, last, budget = facts.get("contract from"), facts.get("contract to"), facts.get("hard budget")
    return CustomerFacts(
        id=CUSTOMER,
        currency="USD",
        contract_start=moment_of(first) if first else None,
        contract_end=moment_of(last) + A_DAY if last else None,
        excluded_domains=frozenset(filter(None, facts.get("excluded domains", "").split(", "))),
        hard_budget=micro(budget) if budget else None,
    )


def action(number: int, row: Row) -> ActionFacts:
    also = also_of(row)
    named = dict(part.split(" ", 1) for part in also if part.split(" ")[0] in ("product", "source", "from"))
    flags = {part for part in also if part in ("voided", "test lead", "waived", "late", "without an address")}
    assert len(named) + len(flags) == len(also), also
    return ActionFacts(
        id=number,
        lead=int(row.get("lead", "1")),
        person="" if "without an address" in flags else named.get("from", "ann@studio.example"),
        product=PRODUCTS[named.get("product", "TILE")],
        source=SOURCES[named.get("source", "web")],
        action_type=TYPES[row["action"]],
        occurred_at=moment_of(row["day"]),
        quantity=micro(row.get("quantity", "1")),
        value=micro(row["value"]) if row.get("value") else None,
        is_test="test lead" in flags,
        is_voided="voided" in flags,
        is_waived="waived" in flags,
    )


def also_of(row: Row) -> list[str]:
    return [part for part in row.get("also", "").split(", ") if part]


def period_of(row: Row) -> str:
    """The month the action is billed in: its own, or October if it is late."""
    return "2026-10" if "late" in also_of(row) else f"{instant(moment_of(row['day'])):%Y-%m}"


def decided(example: Tables) -> Iterator[Decision]:
    """Decide period by period; “once” and what leads were charged are carried over, as `domain/rate/carry_over.py` does."""
    carried = Counters()
    rows = list(enumerate(example["day"], start=1))
    in_order = sorted(rows, key=lambda each: (period_of(each[1]), moment_of(each[1]["day"]), each[0]))
    for _, of_a_period in groupby(in_order, key=lambda each: period_of(each[1])):
        yield from rate_period(
            [action(number, row) for number, row in of_a_period],
            customer=customer(example.get("customer", [])),
            rules=rules(example["rule"]),
            catalog=CATALOG,
            carried=carried,
        )
        carried = Counters(by_lead=carried.by_lead, paid=carried.paid)


def printed(decision: Decision, example: Tables) -> Row:
    """The row as it should be printed, every number with the places it is printed with."""
    row = example["day"][decision.action - 1]
    outcome = decision.reason or "unrated"
    if decision.rule is not None and not decision.reason:
        capped = "".join(f", {like('1.00', Decimal(cut).scaleb(-6))} cut by {cap}" for cap, cut in decision.cuts)
        outcome = example["rule"][decision.rule - 1]["rule"] + capped
    numbers = {
        "amount": decision.amount,
        "full price": decision.full_amount,
        "counted before": decision.counted_before,
        "value before": decision.value_before,
    }
    shown = {name: like(row[name], Decimal(number).scaleb(-6)) for name, number in numbers.items() if name in row}
    if "paid by" in row:
        shown["paid by"] = example["day"][decision.paid_by - 1]["day"] if decision.paid_by else ""
    return {**row, "outcome": outcome, **shown}


def like(example: str, number: Decimal) -> str:
    """With as many places as the example, if that loses nothing."""
    short = number.quantize(Decimal(example))
    return f"{short if short == number else number.normalize():f}"


@pytest.mark.parametrize("title", RATED)
def test_rating_does_what_the_example_says(title: str):
    example = tables(EXAMPLES[title])

    rows = {decision.action: printed(decision, example) for decision in decided(example)}

    assert [rows[number] for number in sorted(rows)] == example["day"]


@pytest.mark.parametrize("title", ROUNDED)
def test_rounding_does_what_the_example_says(title: str):
    rows = next(iter(tables(EXAMPLES[title]).values()))

    assert [_rounded(row) for row in rows] == rows


def test_every_step_of_rating_has_an_example():
    steps = re.findall(r"^## (\d)\. .+$([\s\S]*?)(?=^## |\Z)", PAGE, re.MULTILINE)

    assert [number for number, body in steps if "### Example: " in body] == ["1", "2", "3", "4", "5", "6"]


def _rounded(row: Row) -> Row:
    exact = [Decimal(part) for part in next(iter(row.values())).split(" + ")]
    if "line" in row:
        return {**row, "line": str(rounded(sum(exact, Decimal(0)), row["currency"]))}
    return {**row, "shown": " + ".join(str(part) for part in spread(exact, row["currency"]))}
