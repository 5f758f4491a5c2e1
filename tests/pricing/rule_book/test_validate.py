"""A faulty rule is refused with the same fault everywhere: in the form, a spreadsheet, a saved draft and an activation."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from billing_engine.core.calendar.wall_clock import read, written
from billing_engine.core.models import Deed
from pricing.domain.rule_book.drafting import NotADraft, discard, save_draft
from pricing.domain.rule_book.rules import activate, revise
from pricing.domain.rule_book.sheet.columns import COLUMN_OF
from pricing.domain.rule_book.validate import RuleIncomplete
from pricing.models import PriceRule, PriceTier
from tests.factories.leads import ActionTypeFactory, CustomerFactory, ProductFactory, SourceFactory, from_day
from tests.factories.people import with_role
from tests.factories.pricing import PriceRuleFactory
from tests.pricing.admin.test_pages import add, errors
from tests.pricing.admin.test_rule_sheets import as_csv, dry_run, faults, row

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 10, 10, 12, tzinfo=UTC)
FROM = read("2026-11-01")
PER_UNIT = {"name": "Samples", "wall_from": FROM, "currency": "USD", "unit_price": Decimal("2.5")}
PACKAGE = {"price_model": "package", "unit_price": None}
PERCENTAGE = {"price_model": "percentage", "unit_price": None, "percent": Decimal(1)}
ONCE = {"once_per": "lead"}

# By fault: the terms, the field, the code and the message.
CASES: dict[str, tuple[dict[str, Any], str, str, str]] = {
    "no price": ({"unit_price": None}, "unit_price", "missing", "Enter a unit price, which can be 0."),
    "negative price": ({"unit_price": Decimal(-1)}, "unit_price", "negative", "Price can't be negative."),
    "negative limit": ({"cap_per_lead": Decimal(-1)}, "cap_per_lead", "negative", "Limit can't be negative."),
    "no package": (
        PACKAGE | {"package_price": Decimal(1)},
        *("package_size", "missing", "Enter the number of units in a package."),
    ),
    "empty package": (
        PACKAGE | {"package_size": Decimal(0), "package_price": Decimal(1)},
        *("package_size", "not_above_zero", "Package size must be greater than zero."),
    ),
    "maximum below minimum": (
        PERCENTAGE | {"minimum": Decimal(2), "maximum": Decimal(1)},
        *("maximum", "below_minimum", "The maximum is below the minimum of 2."),
    ),
    "once without days": (ONCE, "once_days", "missing", "Enter the number of days, at least 1."),
    "once without an end": (
        ONCE | {"once_days": 3_651},
        *("once_days", "too_many_days", "Enter at most 3,650 days (ten years)."),
    ),
    "highest only with an allowance": (
        {"highest_only": True, "free_units": Decimal(1)},
        *("highest_only", "highest_only_conflict"),
        "Highest only can't be combined with a free allowance. It needs a per-unit or percentage price without an allowance.",
    ),
    "never in force": ({"wall_to": FROM}, "wall_to", "ends_before_it_begins", "A rule must end after it starts."),
    "no money": (
        {"currency": "XAU"},
        *("currency", "unknown_currency", "XAU is not an ISO 4217 currency code, such as USD."),
    ),
    "currency of another": (
        {"currency": "EUR", "customer": "ACME"},
        *("currency", "other_currency", "Acme is billed in USD: this rule would price nothing."),
    ),
    "currency of another's product": (
        {"currency": "EUR", "product": "OAK"},
        *("currency", "other_currency", "Acme is billed in USD: this rule would price nothing."),
    ),
    "product of another": (
        {"customer": "OTHER", "product": "OAK"},
        *("product", "other_customer", "OAK · Oak belongs to Acme, not to Other."),
    ),
    "category of another product": (
        {"product": "OAK", "category": "tiles"},
        *("category", "other_category", "OAK · Oak is in the category “wood”: this rule would price nothing."),
    ),
    "channel of another source": (
        {"source": "site", "channel": "webinar"},
        *("channel", "other_channel", "The channel of Site is “Website”: this rule would price nothing."),
    ),
}
# What the database never lets a draft contain, so that no activation meets it.
HELD_BY_THE_DATABASE = {
    *("no price", "negative price", "negative limit", "no package", "empty package", "maximum below minimum"),
    "highest only with an allowance",
}
# A spreadsheet finds products by their customer, so it reports this one as an unknown product.
NOT_IN_A_SHEET = {"product of another"}


@pytest.fixture
def operator(db: None) -> User:
    return with_role("Operations")


@pytest.fixture
def named() -> dict[str, Any]:
    """The customers and products that the cases name."""
    acme = CustomerFactory.create(code="ACME", name="Acme")
    return {
        "ACME": acme,
        "OTHER": CustomerFactory.create(code="OTHER", name="Other"),
        "OAK": ProductFactory.create(sku="OAK", name="Oak", category="wood", customer=acme),
        "site": SourceFactory.create(code="site", name="Site", channel="website"),
    }


def terms(case: str, named: dict[str, Any]) -> dict[str, Any]:
    given = PER_UNIT | CASES[case][0]
    return {name: named.get(value, value) if isinstance(value, str) else value for name, value in given.items()}


def told(refusal: RuleIncomplete) -> list[tuple[str, str, str]]:
    return [(fault.field, fault.code, fault.words) for fault in refusal.faults]


def typed(given: dict[str, Any]) -> dict[str, Any]:
    """The form data that a browser sends."""
    sent = {name: getattr(value, "pk", "" if value is None else value) for name, value in given.items()}
    for name in ("wall_from", "wall_to"):
        if name in sent:
            sent[f"{name}_0"] = written(sent.pop(name))
    return sent


@pytest.mark.parametrize("case", CASES)
def test_no_draft_with_it_is_stored(operator: User, named: dict[str, Any], case: str) -> None:
    _, field, code, words = CASES[case]

    with pytest.raises(RuleIncomplete) as refusal:
        save_draft(PriceRule(**terms(case, named)), [], by=operator)

    assert (told(refusal.value), str(refusal.value)) == ([(field, code, words)], words)
    assert (PriceRule.objects.count(), Deed.objects.count()) == (0, 0)


@pytest.mark.parametrize("case", CASES)
def test_the_form_tells_it_beside_the_field(operations: Client, named: dict[str, Any], case: str) -> None:
    _, field, _, words = CASES[case]

    response = add(operations, **typed(terms(case, named)))

    assert (errors(response), PriceRule.objects.count()) == ({field: [words]}, 0)


@pytest.mark.parametrize("case", sorted(CASES.keys() - NOT_IN_A_SHEET))
def test_a_spreadsheet_tells_it_in_the_cell(operations: Client, named: dict[str, Any], case: str) -> None:
    given, field, _, words = CASES[case]
    cells = {COLUMN_OF[name]: written(it) if isinstance(it, datetime) else it for name, it in given.items()}

    asked = dry_run(operations, as_csv([row(**{name: "yes" if it is True else it for name, it in cells.items()})]))

    assert (faults(asked), PriceRule.objects.count()) == ([(2, COLUMN_OF[field], words)], 0)


@pytest.mark.parametrize("case", sorted(CASES.keys() - HELD_BY_THE_DATABASE))
def test_no_activation_puts_it_in_force(operator: User, named: dict[str, Any], case: str) -> None:
    _, field, code, words = CASES[case]
    draft = PriceRuleFactory.create(draft=True, **terms(case, named))

    with pytest.raises(RuleIncomplete) as refusal:
        activate(draft, by=operator, at=NOW)

    assert (told(refusal.value), str(refusal.value)) == ([(field, code, words)], words)
    assert PriceRule.objects.get().state == "draft"


@pytest.mark.parametrize("case", sorted(HELD_BY_THE_DATABASE))
def test_the_rest_is_refused_by_the_database_itself(named: dict[str, Any], case: str) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        PriceRuleFactory.create(draft=True, **terms(case, named))


TIERS: dict[str, tuple[list[tuple[int | None, int | None]], list[tuple[str, str, str, int | None]], str]] = {
    "none": (
        [],
        [("tiers", "tiers_do_not_ascend", "A graduated price needs tiers, and the last one must have no end.", None)],
        "A graduated price needs tiers, and the last one must have no end.",
    ),
    "no open end": (
        [(10, 1)],
        [
            (
                *("up_to", "tiers_do_not_ascend"),
                *("The last tier must have no end. Leave this empty, or add another tier.", 0),
            )
        ],
        "Tier 1: The last tier must have no end. Leave this empty, or add another tier.",
    ),
    "no rate": (
        [(10, None), (None, 1)],
        [("unit_price", "missing", "Each tier needs a unit price, which can be 0.", 0)],
        "Tier 1: Each tier needs a unit price, which can be 0.",
    ),
    "at zero": (
        [(0, 2), (None, 1)],
        [("up_to", "not_above_zero", "A tier must end above zero.", 0)],
        "Tier 1: A tier must end above zero.",
    ),
    "negative": (
        [(10, -2), (None, 1)],
        [("unit_price", "negative", "Price can't be negative.", 0)],
        "Tier 1: Price can't be negative.",
    ),
}


@pytest.mark.parametrize("case", TIERS)
def test_tiers_with_faults_are_refused_alike(operations: Client, operator: User, case: str) -> None:
    tiers, expected, in_a_cell = TIERS[case]
    rule = PriceRule(**PER_UNIT | {"price_model": "graduated", "unit_price": None})
    rows = [PriceTier(up_to=up_to, unit_price=price) for up_to, price in tiers]

    with pytest.raises(RuleIncomplete) as refusal:
        save_draft(rule, rows, by=operator)
    cell = "; ".join(f"{up_to or 0 if up_to is not None else ''}: {'' if it is None else it}" for up_to, it in tiers)
    asked = dry_run(operations, as_csv([row(**{"price model": "graduated", "unit price": "", "tiers": cell})]))

    assert [(one.field, one.code, one.words, one.row) for one in refusal.value.faults] == expected
    assert faults(asked) == [(2, "tiers", in_a_cell)]
    assert PriceRule.objects.count() == 0


def test_a_percent_in_the_tiers_of_units_is_no_unit_price(operator: User) -> None:
    draft = PriceRuleFactory.create(draft=True, price_model="graduated", unit_price=None)
    draft.tiers.create(percent=1)

    with pytest.raises(RuleIncomplete, match="Each tier needs a unit price"):
        activate(draft, by=operator, at=NOW)

    assert PriceRule.objects.get().state == "draft"


def test_a_draft_that_was_activated_meanwhile_is_neither_changed_nor_thrown_away(
    operations: Client, operator: User
) -> None:
    draft = PriceRuleFactory.create(draft=True)
    edited = PriceRule.objects.get(pk=draft.pk)
    activate(draft, by=operator, at=NOW)
    edited.unit_price = Decimal(9)

    with pytest.raises(NotADraft):
        save_draft(edited, [], by=operator)
    with pytest.raises(NotADraft):
        discard(edited, by=operator, at=NOW)

    assert list(PriceRule.objects.values_list("state", "unit_price")) == [("active", Decimal("2.5"))]


def test_a_rule_that_has_become_unfit_can_be_revised_and_its_revision_is_refused_until_it_fits(operator: User) -> None:
    product = ProductFactory.create(category="wood")
    rule = PriceRuleFactory.create(product=product, category="wood")
    from_day(product, category="tiles")
    draft = revise(rule, by=operator, at=NOW, since=FROM)

    with pytest.raises(RuleIncomplete, match="is in the category “tiles”"):
        activate(draft, by=operator, at=NOW)
    draft.category = "tiles"
    save_draft(draft, [], by=operator)

    assert activate(draft, by=operator, at=NOW).state == "active"


def test_a_rule_of_one_sentence_is_drafted_by_hand_as_by_the_form(operations: Client, operator: User) -> None:
    kind = ActionTypeFactory.create()
    add(operations, action_type=kind.pk)
    save_draft(PriceRule(**PER_UNIT, action_type=kind, priority=1), [], by=operator)

    drafts = PriceRule.objects.order_by("pk").values(
        "name", "unit_price", "wall_from", "action_type", "currency", "state"
    )
    assert drafts[0] == drafts[1]
    assert list(Deed.objects.order_by("pk").values_list("verb", flat=True)) == ["price_rule_drafted"] * 2


def test_a_draft_is_thrown_away_from_its_page(operations: Client) -> None:
    draft = PriceRuleFactory.create(draft=True)

    operations.post(reverse("admin:pricing_pricerule_delete", args=[draft.pk]), {"post": "yes"})

    assert PriceRule.objects.count() == 0
