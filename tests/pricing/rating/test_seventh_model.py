"""A price model is one file: a seventh, registered in memory, works in form, sheet, file, rating, wording and invoice."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import ClassVar, Self

import pytest
from django.db import IntegrityError, connection
from django.db.models import CheckConstraint
from django.test import Client
from jsonschema import Draft202012Validator

from invoices.domain.document.content import content_of
from invoices.domain.document.content_lines import TierPart as Shown
from pricing.domain.audit.explain import explain
from pricing.domain.rule_book.rules import activate
from pricing.domain.rule_book.sheet.columns import as_text
from pricing.domain.rule_wording import price_in_words, terms_of
from pricing.files.charges import price_files
from pricing.files.faults import FilesRefused
from pricing.files.published import schemas
from pricing.models import Charge, PriceRule
from pricing.models.rule import _priced
from pricing.rating.amounts import MICRO, paid_part
from pricing.rating.prices import MODELS, Case, Clause, Counted, Field, Given, Kind, Price, Row, TierPart
from pricing.rating.prices.model import FREE, PAID, TO_MAXIMUM
from pricing.rating.prices.units import FREE_UNITS, PriceOfUnits
from pricing.rating.statement import Money, Number, Statement, say
from pricing.wording.terms import terms_as_data, terms_from_data
from tests.factories.people import with_role
from tests.factories.pricing import PriceRuleFactory
from tests.invoices.made import an_open_period, billed, received
from tests.pricing.admin.test_pages import add, errors
from tests.pricing.files.test_files import ACTION, RULE

pytestmark = pytest.mark.django_db
NOVEMBER_1 = datetime(2026, 11, 1, tzinfo=UTC)

# --- The one file --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BlocksUpTo(Clause):
    """Each started package is charged in full, until the period has reached the ceiling."""

    size: int
    price: int
    ceiling: int

    @property
    def statement(self) -> Statement:
        return say(
            "{price} per started block of {size}, at most {ceiling} in a period",
            price=Money(self.price),
            size=Number(self.size),
            ceiling=Money(self.ceiling),
        )


@dataclass(frozen=True, slots=True)
class Block(PriceOfUnits):
    """`F(x) = min(P × started blocks of N, ceiling)`."""

    code: ClassVar[str] = "block"
    title: ClassVar[str] = "Block with a ceiling"
    meaning: ClassVar[str] = "Each started block costs its price, until the period has cost the ceiling."
    fields: ClassVar[tuple[Field, ...]] = (
        Field("package_size", Kind.UNITS, "Of a block.", "A block has a size.", "A block holds something.", True),
        Field("package_price", Kind.MONEY, "Of a block.", "A block has a price.", "Price can't be negative."),
        Field("maximum", Kind.MONEY, "The ceiling.", "A ceiling is a number.", "A ceiling is not negative."),
        FREE_UNITS,
    )
    rows = {**Price.rows, "paid": "blocks of {size} started", "to_maximum": "above the ceiling of {ceiling}"}

    package_size: int
    package_price: int
    maximum: int
    free_units: int = 0

    @classmethod
    def of(cls, given: Given) -> Self:
        size, price, ceiling = (given.needed(name) for name in ("package_size", "package_price", "maximum"))
        return cls(size, price, ceiling, given.amount("free_units"))

    def _started(self, quantity: int) -> int:
        return -(-paid_part(quantity, self.free_units) // self.package_size)

    def _up_to(self, quantity: int) -> int:
        return min(self._started(quantity) * self.package_price, self.maximum)

    def price(self, before: Counted, quantity: int, value: int | None) -> int:
        return self._up_to(before.quantity + quantity) - self._up_to(before.quantity)

    def paid_parts(self, before: Counted, quantity: int, total: int) -> Iterator[TierPart]:
        started = self._started(before.quantity + quantity) - self._started(before.quantity)
        moved = self.price(before, quantity, None) - started * self.package_price
        if started:
            yield TierPart(PAID, started * MICRO, started * self.package_price)
        if moved:
            yield TierPart(TO_MAXIMUM, MICRO, moved)

    @property
    def costs_anything(self) -> bool:
        return bool(self.package_price and self.maximum)

    def clause(self) -> Clause:
        return BlocksUpTo(self.package_size, self.package_price, self.maximum)

    def explained(self, case: Case) -> Iterator[Statement]:
        yield self.counted(case)
        yield say("Blocks of {size} cost {amount}.", size=Number(self.package_size), amount=Money(case.full))

    def row(self, part: int) -> Row:
        if part == FREE:
            return Row("free")
        if part == PAID:
            return Row("paid", {"size": Number(self.package_size)}, rate=Money(self.package_price))
        return Row("to_maximum", {"ceiling": Money(self.maximum)})


# --- All other uses -----------------------------------------------------------------------------


@pytest.fixture
def seventh(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The model is in the registry, and its migration has run."""
    monkeypatch.setitem(MODELS, Block.code, Block)
    name = "a_rule_has_the_price_its_model_needs"
    before = PriceRule._meta.constraints
    (old,) = (each for each in before if each.name == name)
    new = CheckConstraint(name=name, condition=_priced())
    monkeypatch.setattr(PriceRule._meta, "constraints", [new if each is old else each for each in before])
    with connection.schema_editor() as editor:
        editor.remove_constraint(PriceRule, old)
        editor.add_constraint(PriceRule, new)


GIVEN = {"price_model": "block", "unit_price": "", "package_size": "10", "package_price": "9", "maximum": "20"}
SENTENCE = "$9.00 per started block of 10, at most $20.00 in a period"


@pytest.mark.usefixtures("seventh")
def test_the_form_asks_for_what_the_model_is_made_of(operations: Client) -> None:
    wrong = errors(add(operations, **GIVEN | {"package_size": "0", "maximum": ""}))
    page = add(operations, **GIVEN | {"maximum": ""})
    add(operations, **GIVEN | {"free_units": "2", "percent": "5"})

    assert wrong == {"package_size": ["A block holds something."], "maximum": ["A ceiling is a number."]}
    assert [words in page.content.decode() for words in (Block.title, Block.meaning)] == [True, True]
    rule = PriceRule.objects.get()
    assert (rule.price_model, rule.percent, rule.get_price_model_display()) == ("block", None, Block.title)
    assert price_in_words(rule) == f"{SENTENCE}, the first 2 units of a period free"
    assert terms_from_data(json.loads(json.dumps(terms_as_data(terms_of(rule))))) == terms_of(rule)
    row = as_text(rule)
    assert [row[name] for name in ("price model", "package size", "package price", "maximum")] == [
        "block",
        "10",
        "9",
        "20",
    ]


@pytest.mark.usefixtures("seventh")
def test_its_invoice_shows_it_part_by_part_and_its_charges_say_why(operations: Client) -> None:
    add(operations, **GIVEN | {"wall_from_0": "2026-10-01"})
    activate(PriceRule.objects.get(), by=with_role("Finance"), at=NOVEMBER_1)
    period = an_open_period()
    received(period, 4, 7, 12)

    (line,) = content_of(billed(period)).lines

    assert (line.quantity, line.unit_price, line.amount) == ("23", "", "$20.00")
    assert line.tiers == (
        Shown("blocks of 10 started", "3", "$9.00", "$27.00"),
        Shown("above the ceiling of $20.00", "1", "", "-$7.00"),
    )
    last = Charge.objects.order_by("-pk")[0]
    assert explain(last).sentences[-2:] == [
        "This rule had counted 11 in the period before this action, and 23 with it.",
        "Blocks of 10 cost $2.00.",
    ]
    assert last.amount == Decimal(2)


@pytest.mark.usefixtures("seventh")
def test_files_have_it_and_so_has_their_schema(tmp_path: Path) -> None:
    price = {"model": "block", "package_size": "10", "package_price": "9", "maximum": "20"}
    rules, actions = tmp_path / "R", tmp_path / "A"
    rules.write_text(json.dumps({"rules": [RULE | {"price": price}]}))
    sent = [ACTION | {"id": f"a{number}", "quantity": "12"} for number in (1, 2)]
    actions.write_text("\n".join(map(json.dumps, sent)))

    found = [json.loads(line) for line in price_files(rules, actions, explain=True)]

    assert [each["amount"] for each in found] == ["18.000000", "2.000000"]
    assert f"It charges {SENTENCE}." in found[0]["explanation"]["words"][0]
    assert [(part["kind"], part["amount"]) for part in found[1]["explanation"]["parts"]] == [
        ("paid", "9.000000"),
        ("to_maximum", "-7.000000"),
    ]
    Draft202012Validator(json.loads(schemas()["rules.schema.json"])).validate(json.loads(rules.read_text()))
    rules.write_text(json.dumps({"rules": [RULE | {"price": price | {"package_size": "0"}}]}))
    with pytest.raises(FilesRefused, match="/rules/0/price/package_size"):
        list(price_files(rules, actions))


@pytest.mark.usefixtures("seventh")
def test_a_column_that_it_needs_stays_a_choice_for_others() -> None:
    PriceRuleFactory.create(price_model="percentage", unit_price=None, percent=2, maximum=5)
    PriceRuleFactory.create(price_model="percentage", unit_price=None, percent=2, channel="website")
    with pytest.raises(IntegrityError, match="a_rule_has_the_price_its_model_needs"):
        PriceRuleFactory.create(
            price_model="block", unit_price=None, package_size=1, package_price=1, channel="webinar"
        )


def test_without_it_nothing_knows_it() -> None:
    assert "block" not in MODELS
    assert '"block"' not in schemas()["rules.schema.json"]
