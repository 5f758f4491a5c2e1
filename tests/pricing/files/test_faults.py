"""Faulty files: every fault is reported with its position and a sentence, and nothing is rated."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.pricing.files.test_files import ACTION, CUSTOMER, RULE, accepted, faults, printed

TIERS = [{"up_to": "10", "unit_price": "1"}, {"up_to": None, "unit_price": "0.5"}]
KNOWN_MODELS = "known are per_unit, graduated, volume, package, percentage, graduated_percentage"
NO_NUMBER = 'is not a number from 0 up with at most six decimal places, such as "2.50"'
NO_WALL_CLOCK = (
    'is neither a day such as "2026-12-01" nor a time without an offset such as "2026-12-01T09:00":'
    " a rule starts and ends in each customer's own time zone"
)
NO_POSITIVE = 'is not a number above 0 with at most six decimal places, such as "10"'


def with_rule(**members: Any) -> dict[str, Any]:
    return {"rules": [RULE | members]}


def with_price(**price: Any) -> dict[str, Any]:
    return with_rule(price=price)


def with_customer(**members: Any) -> dict[str, Any]:
    return {"customers": [CUSTOMER | members], "rules": []}


def with_tiers(*ends: str | None) -> dict[str, Any]:
    return with_price(model="graduated", tiers=[{"up_to": end, "unit_price": "1"} for end in ends])


# --- Faults of form: the schema refuses them too -------------------------------------------------

BAD_RULES: dict[str, tuple[Any, list[str]]] = {
    "no object": ([], ["is a list, not an object"]),
    "no rules": ({}, ["the member rules is missing"]),
    "unknown member": (
        {"rules": [], "rule": 1},
        ["/rule: is an unknown member; known are customers, action_types, rules"],
    ),
    "rules no list": ({"rules": {}}, ["/rules: is an object, not a list"]),
    "a rule that is text": ({"rules": ["r1"]}, ["/rules/0: is a string, not an object"]),
    "empty id": (with_rule(id=""), ["/rules/0/id: is empty"]),
    "id a number": (with_rule(id=7), ["/rules/0/id: is a number, not a string"]),
    "empty scope value": (with_rule(scope={"category": ""}), ["/rules/0/scope/category: is empty"]),
    "unknown dimension": (
        with_rule(scope={"brand": "x"}),
        [
            "/rules/0/scope/brand: is an unknown member; known are customer, product, category, source, channel, action_type"
        ],
    ),
    "priority as a string": (with_rule(priority="1"), ["/rules/0/priority: is a string, not a whole number"]),
    "priority a flag": (with_rule(priority=True), ["/rules/0/priority: is true or false, not a whole number"]),
    "priority a fraction": (with_rule(priority=1.5), ["/rules/0/priority: is a number, not a whole number"]),
    "time with an offset": (
        with_rule(effective_from="2026-01-01T00:00:00-05:00"),
        [f'/rules/0/effective_from: "2026-01-01T00:00:00-05:00" {NO_WALL_CLOCK}'],
    ),
    "time in UTC": (
        with_rule(effective_to="2026-02-01T00:00Z"),
        [f'/rules/0/effective_to: "2026-02-01T00:00Z" {NO_WALL_CLOCK}'],
    ),
    "a day the other way round": (
        with_rule(effective_from="01/12/2026"),
        [f'/rules/0/effective_from: "01/12/2026" {NO_WALL_CLOCK}'],
    ),
    "currency in small letters": (
        with_rule(currency="usd"),
        ['/rules/0/currency: "usd" is not an ISO 4217 currency code such as "USD"'],
    ),
    "cap a number": (with_rule(cap_per_lead=5), ['/rules/0/cap_per_lead: is a number, not a string such as "2.50"']),
    "highest only as a string": (
        with_rule(highest_only="yes"),
        ["/rules/0/highest_only: is a string, not true or false"],
    ),
    "once without a subject": (
        with_rule(once={"per": "brand", "days": 3}),
        ['/rules/0/once/per: is "brand"; known are lead, person'],
    ),
    "once for no day": (with_rule(once={"per": "lead", "days": 0}), ["/rules/0/once/days: is 0; the minimum is 1"]),
    "once without an end": (
        with_rule(once={"per": "lead", "days": 99999}),
        ["/rules/0/once/days: is 99999; the maximum is 36500"],
    ),
    "once without days": (with_rule(once={"per": "lead"}), ["/rules/0/once: the member days is missing"]),
    "price null": (with_rule(price=None), ["/rules/0/price: is null, not an object"]),
    "no model": (with_price(unit_price="1"), ["/rules/0/price: the member model is missing"]),
    "unknown model": (with_price(model="flat"), [f'/rules/0/price/model: is "flat"; {KNOWN_MODELS}']),
    "price a number": (
        with_price(model="per_unit", unit_price=2.5),
        ['/rules/0/price/unit_price: is a number, not a string such as "2.50"'],
    ),
    "seven places": (
        with_price(model="per_unit", unit_price="0.0000001"),
        [f'/rules/0/price/unit_price: "0.0000001" {NO_NUMBER}'],
    ),
    "negative": (with_price(model="per_unit", unit_price="-1"), [f'/rules/0/price/unit_price: "-1" {NO_NUMBER}']),
    "an exponent": (with_price(model="per_unit", unit_price="1e3"), [f'/rules/0/price/unit_price: "1e3" {NO_NUMBER}']),
    "not a number": (with_price(model="per_unit", unit_price="NaN"), [f'/rules/0/price/unit_price: "NaN" {NO_NUMBER}']),
    "a line feed": (with_price(model="per_unit", unit_price="1\n"), [f'/rules/0/price/unit_price: "1\\n" {NO_NUMBER}']),
    "foreign digits": (with_price(model="per_unit", unit_price="٣"), [f'/rules/0/price/unit_price: "٣" {NO_NUMBER}']),
    "another model's part": (
        with_price(model="per_unit", unit_price="1", percent="1"),
        ["/rules/0/price/percent: is an unknown member; known are model, unit_price, free_units"],
    ),
    "no tiers": (with_price(model="volume", tiers=[]), ["/rules/0/price/tiers: is empty"]),
    "a tier up to nothing": (
        with_price(model="graduated", tiers=[{"up_to": "0", "unit_price": "1"}, TIERS[1]]),
        [f'/rules/0/price/tiers/0/up_to: "0" {NO_POSITIVE}'],
    ),
    "a tier without its end": (
        with_price(model="graduated", tiers=[{"unit_price": "1"}]),
        ["/rules/0/price/tiers/0: the member up_to is missing"],
    ),
    "a percent tier with a unit price": (
        with_price(model="graduated_percentage", tiers=[{"up_to": None, "unit_price": "1"}]),
        [
            "/rules/0/price/tiers/0/unit_price: is an unknown member; known are up_to, percent, flat_fee",
            "/rules/0/price/tiers/0: the member percent is missing",
        ],
    ),
    "an empty package": (
        with_price(model="package", package_size="0.000", package_price="1"),
        [f'/rules/0/price/package_size: "0.000" {NO_POSITIVE}'],
    ),
    "free actions as a string": (
        with_price(model="percentage", percent="1", free_actions="2"),
        ["/rules/0/price/free_actions: is a string, not a whole number"],
    ),
    "half a free action": (
        with_price(model="percentage", percent="1", free_actions=0.5),
        ["/rules/0/price/free_actions: is a number, not a whole number"],
    ),
    "negative free actions": (
        with_price(model="percentage", percent="1", free_actions=-1),
        ["/rules/0/price/free_actions: is -1; the minimum is 0"],
    ),
    "negative percent": (
        with_price(model="percentage", percent="-1"),
        [f'/rules/0/price/percent: "-1" {NO_NUMBER}'],
    ),
    "daily": (
        with_customer(cycle="daily"),
        ['/customers/0/cycle: is "daily"; known are fortnightly, monthly, weekly'],
    ),
    "an address for a domain": (
        with_customer(excluded_domains=["ann@rival.example"]),
        ['/customers/0/excluded_domains/0: "ann@rival.example" is not a domain such as "example.com"'],
    ),
    "a time for a day": (
        with_customer(contract_from="2026-01-01T00:00:00Z"),
        ['/customers/0/contract_from: "2026-01-01T00:00:00Z" is not a day such as "2026-01-31"'],
    ),
    "billable as a string": (
        {"action_types": [{"code": "x", "billable": "no"}], "rules": []},
        ["/action_types/0/billable: is a string, not true or false"],
    ),
    "everything at once": (
        {"customers": [{}], "rules": [RULE | {"id": None, "priority": None}, {"id": "r2"}]},
        [
            "/customers/0: the member code is missing",
            "/rules/0/id: is null, not a string",
            "/rules/0/priority: is null, not a whole number",
            "/rules/1: the member effective_from is missing",
            "/rules/1: the member price is missing",
        ],
    ),
    "odd names": (
        {"rules": [], "a/b~\n": 1},
        ["/a~1b~0\\n: is an unknown member; known are customers, action_types, rules"],
    ),
}

BAD_ACTIONS: dict[str, tuple[Any, list[str]]] = {
    "no object": ([], ["is a list, not an object"]),
    "null": (None, ["is null, not an object"]),
    "unknown member": (
        ACTION | {"amount": "1"},
        [
            "/amount: is an unknown member; known are id, lead, person, customer, product, category, source, channel, "
            "type, occurred_at, quantity, value, is_test, voided, waived, disputed, period, late_from, reference"
        ],
    ),
    "missing": ({"id": "a1"}, [f"the member {name} is missing" for name in ACTION if name != "id"]),
    "quantity a number": (ACTION | {"quantity": 3}, ['/quantity: is a number, not a string such as "2.50"']),
    "quantity null": (ACTION | {"quantity": None}, ['/quantity: is null, not a string such as "2.50"']),
    "negative": (ACTION | {"quantity": "-3"}, [f'/quantity: "-3" {NO_NUMBER}']),
    "seven places": (ACTION | {"value": "1.0000000"}, [f'/value: "1.0000000" {NO_NUMBER}']),
    "without offset": (
        ACTION | {"occurred_at": "2026-01-31T17:41:09"},
        ['/occurred_at: "2026-01-31T17:41:09" is not a time with its offset, such as "2026-01-31T17:41:09-06:00"'],
    ),
    "a flag in words": (ACTION | {"voided": "false"}, ["/voided: is a string, not true or false"]),
    "a flag as a number": (ACTION | {"is_test": 0}, ["/is_test: is a number, not true or false"]),
    "several": (
        ACTION | {"id": "", "lead": 7, "quantity": ""},
        ["/id: is empty", "/lead: is a number, not a string", f'/quantity: "" {NO_NUMBER}'],
    ),
}


@pytest.mark.parametrize("name", BAD_RULES)
def test_a_bad_form_of_rules_is_refused_by_the_program_in_words_and_by_the_schema(name: str, tmp_path: Path):
    rules, reasons = BAD_RULES[name]

    assert faults(tmp_path, rules, [ACTION]) == [f"R: {reason}" for reason in reasons]
    assert not accepted("rules.schema.json", rules)


@pytest.mark.parametrize("name", BAD_ACTIONS)
def test_a_bad_form_of_an_action_is_refused_by_the_program_with_its_line_and_by_the_schema(name: str, tmp_path: Path):
    action, reasons = BAD_ACTIONS[name]

    assert faults(tmp_path, {"rules": []}, [ACTION, action]) == [f"A:2: {reason}" for reason in reasons]
    assert not accepted("action.schema.json", action)


# --- Faults beyond a form ------------------------------------------------------------------------

OVERLAP = "same scope, currency and priority at the same time"

IMPOSSIBLE_RULES: dict[str, tuple[Any, list[str]]] = {
    "no such currency": (with_rule(currency="XQZ"), ["/rules/0/currency: XQZ is not an ISO 4217 currency code"]),
    "no such day": (
        with_rule(effective_from="2026-02-30"),
        ["/rules/0/effective_from: 2026-02-30 does not exist: day is out of range for month"],
    ),
    "ends before it begins": (
        with_rule(effective_to="2025-12-31T23:59:59"),
        ["/rules/0/effective_to: 2025-12-31T23:59:59 is before effective_from, 2026-01-01"],
    ),
    "minimum above maximum": (
        with_price(model="percentage", percent="1", minimum="2", maximum="1.99"),
        ["/rules/0/price/maximum: The maximum is below the minimum of 2."],
    ),
    "tiers that fall": (
        with_tiers("10", "5", None),
        ["/rules/0/price/tiers/1/up_to: 5 is not above the end of the previous tier, 10.000000"],
    ),
    "tiers that stand": (
        with_tiers("10", "10.000", None),
        ["/rules/0/price/tiers/1/up_to: 10.000 is not above the end of the previous tier, 10.000000"],
    ),
    "last tier with an end": (
        with_tiers("10", "20"),
        ["/rules/0/price/tiers/1/up_to: must be null: the last tier has no end"],
    ),
    "open tier in the middle": (
        with_tiers("10", None, None),
        ["/rules/0/price/tiers/1/up_to: is null, but another tier follows"],
    ),
    "one id, two rules": (
        {"rules": [RULE, RULE | {"priority": 1}]},
        ['/rules/1/id: "r1" is already used at /rules/0'],
    ),
    "one code, two customers": (
        {"customers": [CUSTOMER, CUSTOMER], "rules": []},
        ['/customers/1/code: "ACME" is already used at /customers/0'],
    ),
    "one code, two types": (
        {"action_types": [{"code": "x"}, {"code": "y"}, {"code": "x"}], "rules": []},
        ['/action_types/2/code: "x" is already used at /action_types/0'],
    ),
    "changes that do not ascend": (
        {
            "action_types": [
                {
                    "code": "x",
                    "changes": [
                        {"first_day": day, "billable": True} for day in ("2026-02-30", "2026-03-02", "2026-03-02")
                    ],
                }
            ],
            "rules": [],
        },
        [
            "/action_types/0/changes/0/first_day: 2026-02-30 does not exist",
            "/action_types/0/changes/2/first_day: 2026-03-02 is not after 2026-03-02, the day of the previous change",
        ],
    ),
    "no such time zone": (
        with_customer(time_zone="Mars/Olympus"),
        ["/customers/0/time_zone: Mars/Olympus is not an IANA time zone such as America/New_York"],
    ),
    "a path for a time zone": (
        with_customer(time_zone="../UTC"),
        ["/customers/0/time_zone: ../UTC is not an IANA time zone such as America/New_York"],
    ),
    "no such customer currency": (
        with_customer(currency="ABC"),
        ["/customers/0/currency: ABC is not an ISO 4217 currency code"],
    ),
    "a hard budget of nothing": (
        with_customer(hard_budget=True),
        ["/customers/0/hard_budget: is true, but there is no monthly_budget"],
    ),
    "a contract that ends first": (
        with_customer(contract_from="2026-02-01", contract_to="2026-01-31"),
        ["/customers/0/contract_to: 2026-01-31 is before contract_from, 2026-02-01"],
    ),
    "no such contract day": (
        with_customer(contract_to="2026-02-30"),
        ["/customers/0/contract_to: 2026-02-30 does not exist: day is out of range for month"],
    ),
    "two at once": (
        {"rules": [RULE, RULE | {"id": "r2", "effective_from": "2026-06-01"}]},
        [f'/rules/1: overlaps rule "r1" at /rules/0: {OVERLAP}'],
    ),
    "two at once, in other words": (
        {"rules": [RULE | {"scope": {"product": None}}, {**RULE, "id": "r2", "scope": {}, "priority": 0}]},
        [f'/rules/1: overlaps rule "r1" at /rules/0: {OVERLAP}'],
    ),
    "within a longer one": (
        {
            "rules": [
                RULE | {"id": "late", "effective_from": "2026-05-01", "effective_to": "2026-06-01"},
                RULE | {"id": "long", "effective_to": "2027-01-01"},
                RULE | {"id": "early", "effective_to": "2026-02-01T09:00"},
            ]
        },
        [
            f'/rules/2: overlaps rule "long" at /rules/1: {OVERLAP}',
            f'/rules/0: overlaps rule "long" at /rules/1: {OVERLAP}',
        ],
    ),
}


@pytest.mark.parametrize("name", IMPOSSIBLE_RULES)
def test_rules_that_cannot_be_are_refused_in_words_though_their_form_is_good(name: str, tmp_path: Path):
    rules, reasons = IMPOSSIBLE_RULES[name]

    assert faults(tmp_path, rules, [ACTION]) == [f"R: {reason}" for reason in reasons]
    assert accepted("rules.schema.json", rules)


@pytest.mark.parametrize(
    "rules",
    [
        # The next starts where the last ends; one that ends where it starts prices nothing.
        [
            RULE | {"effective_to": "2026-02-01"},
            RULE | {"id": "r2", "effective_from": "2026-02-01T00:00"},
        ],
        [RULE, RULE | {"id": "r2", "effective_to": "2026-01-01"}],
        [
            RULE,
            RULE | {"id": "r2", "priority": 1},
            RULE | {"id": "r3", "currency": "EUR"},
            RULE | {"id": "r4", "scope": {"customer": "ACME"}},
        ],
        [RULE | {"effective_to": "9999-12-31T23:59:59"}],
    ],
)
def test_rules_that_do_not_overlap_areaccepted(rules: list[dict[str, Any]], tmp_path: Path):
    (tmp_path / "R").write_text(json.dumps({"rules": rules}))
    (tmp_path / "A").write_text(json.dumps(ACTION))

    assert [charge["outcome"] for charge in printed(tmp_path / "R", tmp_path / "A")] == ["charged"]
