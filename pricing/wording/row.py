"""The rows below an invoice line: stored as data, put into words when they are read."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from billing_engine.core import money
from pricing.rating.prices import MODELS, Price, Row
from pricing.rating.statement import Money, Number, Statement, say
from pricing.wording.caps import above
from pricing.wording.data import as_data, exact, from_data
from pricing.wording.statement import words, written

Facts = dict[str, Any]  # JSON


class RowInWords(NamedTuple):
    """`units 1–100`, `80`, `$2.50`, `$200.00`."""

    name: str
    quantity: str
    rate: str
    amount: str


def part_facts(model: type[Price], row: Row, *, counted: int, fee: int, amount: Decimal) -> Facts:
    """The part of a line that fell into one part of its price; `amount` is the row's rounded amount."""
    facts: Facts = {
        "model": model.code,
        "part": row.kind,
        "numbers": {name: as_data(number) for name, number in row.numbers.items()},
        "counted": as_data(Money(counted) if row.is_money else Number(counted)),
        "amount": str(amount),
    }
    if row.rate is not None:
        facts["rate"] = as_data(row.rate)
    if fee:
        facts["fee"] = exact(fee)
    return facts


def cut_facts(cap: str, amount: Decimal) -> Facts:
    """What a cap cut from a line; `amount` is negative."""
    return {"cap": cap, "amount": str(amount)}


def in_words(facts: Facts, currency: str) -> RowInWords:
    """The row as the reader of the invoice sees it."""
    amount = money.in_words(Decimal(facts["amount"]), currency)
    if "cap" in facts:
        return RowInWords(above(facts["cap"]), "", "", amount)
    rate = written(from_data(facts["rate"]), currency) if "rate" in facts else ""
    fee = f" + {money.price_in_words(Decimal(facts['fee']), currency)}" if "fee" in facts else ""
    counted = _counted(facts["counted"], currency)
    return RowInWords(words(_name(facts), currency), counted, rate + fee, amount)


def _name(facts: Facts) -> Statement:
    numbers = {name: from_data(number) for name, number in facts["numbers"].items()}
    return say(MODELS[facts["model"]].rows[facts["part"]], **numbers)


def _counted(data: Mapping[str, str], currency: str) -> str:
    if "money" in data:  # a sum, formatted like other sums
        return money.in_words(Decimal(data["money"]), currency)
    return written(from_data(dict(data)), currency)
