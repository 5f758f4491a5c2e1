"""`pricing/README.md` tells the truth: each of its examples is run, and must come out as it is printed."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from billing_engine.core.money import rounded, spread
from pricing.rating.facts import (
    MICRO,
    ActionFacts,
    Catalogue,
    CustomerFacts,
    Decision,
    Graduated,
    PerUnit,
    Price,
    RuleFacts,
    Tier,
)
from pricing.rating.period import rate_period
from tests.house.tree import ROOT

Row = dict[str, str]
Tables = dict[str, list[Row]]  # by the head of the first column

PAGE = (ROOT / "pricing" / "README.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^#{2,3} (.+)$([\s\S]*?)(?=^#{2,3} |\Z)", PAGE, re.MULTILINE))
EXAMPLES = {title: body for title, body in SECTIONS.items() if title.startswith("Example: ")}
RATED = [title for title, body in EXAMPLES.items() if "| day |" in body]
ROUNDED = [title for title in EXAMPLES if title not in RATED]

CUSTOMER = 7
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
TIER = re.compile(r"([\d.]+) each(?: plus ([\d.]+))?(?: up to (\d+))?")


def tables(body: str) -> Tables:
    found: Tables = {}
    for block in re.findall(r"(?:^\|.*\n?)+", body, re.MULTILINE):
        head, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in block.splitlines()]
        found[head[0]] = [dict(zip(head, row, strict=True)) for row in rows]
    return found


WORLD = tables(SECTIONS["The examples' world"])
PRODUCTS, SOURCES, TYPES = (
    {row[kind]: number for number, row in enumerate(WORLD[kind], start=1)}
    for kind in ("product", "source", "action type")
)
CATALOGUE = Catalogue(
    category_of_product={PRODUCTS[row["product"]]: row["category"] for row in WORLD["product"]},
    channel_of_source={SOURCES[row["source"]]: row["channel"] for row in WORLD["source"]},
    is_billable={TYPES[row["action type"]]: row["billable"] == "yes" for row in WORLD["action type"]},
)


def micro(amount: str) -> int:
    return int(Decimal(amount).scaleb(6))


def instant(day: str) -> datetime:
    """`14` is the 14th of October 2026; a whole date is itself."""
    return datetime.fromisoformat(f"2026-10-{day:0>2}" if len(day) < 3 else day).replace(tzinfo=UTC)


def price(words: str) -> Price:
    """`2.50 each`, or tiers: `1.00 each up to 100, then 0.50 each plus 20.00`."""
    found = [TIER.fullmatch(part) for part in words.split(", then ")]
    parts = [part.groups() for part in found if part]
    assert len(parts) == len(found), words
    if parts == [(parts[0][0], None, None)]:
        return PerUnit(micro(parts[0][0] or ""))
    return Graduated(
        tuple(Tier(end and int(end) * MICRO, micro(each or ""), micro(fee or "0")) for each, fee, end in parts)
    )


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
            price=price(row["price"]),
            currency="USD",
            effective_from=instant(row["from"]) if row.get("from") else LONG_AGO,
            effective_to=instant(row["to"]) if row.get("to") else None,
            priority=int(row.get("priority") or 0),
            **dict(scope(row["scope"])),
        )
        for row in rows
    ]


def customer(rows: list[Row]) -> CustomerFacts:
    facts = {row["customer"]: row["is"] for row in rows}
    start, last, budget = facts.get("contract from"), facts.get("contract to"), facts.get("hard budget")
    return CustomerFacts(
        id=CUSTOMER,
        currency="USD",
        contract_start=instant(start) if start else None,
        contract_end=instant(last) + timedelta(days=1) if last else None,
        excluded_domains=frozenset(facts.get("excluded domains", "").split(", ")),
        hard_budget=micro(budget) if budget else None,
    )


def action(number: int, row: Row) -> ActionFacts:
    also = [part for part in row.get("also", "").split(", ") if part]
    named = dict(part.split(" ", 1) for part in also if part.split(" ")[0] in ("product", "source", "from"))
    flags = {part for part in also if part in ("voided", "test lead", "waived")}
    assert len(named) + len(flags) == len(also), also
    return ActionFacts(
        id=number,
        lead=1,
        email_domain=named.get("from", "ann@studio.example").split("@")[1],
        product=PRODUCTS[named.get("product", "TILE")],
        source=SOURCES[named.get("source", "web")],
        action_type=TYPES[row["action"]],
        occurred_at=instant(row["day"]),
        quantity=micro(row.get("quantity", "1")),
        is_test="test lead" in flags,
        is_voided="voided" in flags,
        is_waived="waived" in flags,
    )


def printed(decision: Decision, names: Mapping[int, str], row: Row) -> Row:
    """The row as it has to be printed, every number with the places it is printed with."""
    outcome = decision.reason or "unrated"
    if decision.rule is not None:
        outcome = names[decision.rule] + (f", capped by {decision.cap}" if decision.cap else "")
    numbers = {
        "amount": decision.amount,
        "full price": decision.full_amount,
        "counted before": decision.quantity_before,
    }
    shown = {name: like(row[name], Decimal(number).scaleb(-6)) for name, number in numbers.items() if name in row}
    return {**row, "outcome": outcome, **shown}


def like(example: str, number: Decimal) -> str:
    """With as many places as the example, if that loses nothing."""
    short = number.quantize(Decimal(example))
    return f"{short if short == number else number.normalize():f}"


@pytest.mark.parametrize("title", RATED)
def test_rating_does_what_the_example_says(title: str):
    example = tables(EXAMPLES[title])
    names = {number: row["rule"] for number, row in enumerate(example["rule"], start=1)}

    decisions = rate_period(
        [action(number, row) for number, row in enumerate(example["day"], start=1)],
        customer=customer(example.get("customer", [])),
        rules=rules(example["rule"]),
        catalogue=CATALOGUE,
    )

    assert [printed(*pair) for pair in _with_names(decisions, names, example["day"])] == example["day"]


@pytest.mark.parametrize("title", ROUNDED)
def test_rounding_does_what_the_example_says(title: str):
    rows = next(iter(tables(EXAMPLES[title]).values()))

    assert [_rounded(row) for row in rows] == rows


def test_every_step_of_rating_has_an_example():
    steps = re.findall(r"^## (\d)\. .+$([\s\S]*?)(?=^## |\Z)", PAGE, re.MULTILINE)

    assert [number for number, body in steps if "### Example: " in body] == ["1", "2", "3", "4", "5"]


def _with_names(
    decisions: Iterator[Decision], names: Mapping[int, str], rows: list[Row]
) -> list[tuple[Decision, Mapping[int, str], Row]]:
    return [(decision, names, row) for decision, row in zip(decisions, rows, strict=True)]


def _rounded(row: Row) -> Row:
    exact = [Decimal(part) for part in next(iter(row.values())).split(" + ")]
    if "line" in row:
        return {**row, "line": str(rounded(sum(exact, Decimal(0)), row["currency"]))}
    return {**row, "shown": " + ".join(str(part) for part in spread(exact, row["currency"]))}
