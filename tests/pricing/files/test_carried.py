"""CARRIED.json: what earlier periods carry over, and what is refused in it."""

import json
from pathlib import Path
from typing import Any

import pytest

from pricing.files.charges import price_files
from pricing.files.faults import FilesRefused
from tests.pricing.files.test_files import ACTION, CUSTOMER, EXAMPLES, RULE, accepted

PERIOD = {"customer": "ACME", "period": "2026-01"}
PAID = {
    "rule": "r1",
    "per": "lead",
    "name": "l1",
    "action_type": "sample_order",
    "occurred_at": "2026-01-01T00:00:00Z",
    "action": "a0",
}


def amounts(tmp_path: Path, given: dict[str, Any], *, rule: dict[str, Any] | None = None, **action: Any) -> list[str]:
    """The amount, or the reason for none, of one action in a period."""
    (tmp_path / "R").write_text(json.dumps({"customers": [CUSTOMER], "rules": [RULE | (rule or {})]}))
    (tmp_path / "A").write_text(json.dumps(ACTION | action))
    (tmp_path / "C").write_text(json.dumps({"periods": [given]}))
    found = [json.loads(line) for line in price_files(tmp_path / "R", tmp_path / "A", carried=tmp_path / "C")]
    return [each["reason"] or each["outcome"] if each["outcome"] != "charged" else each["amount"] for each in found]


def test_the_schema_accepts_the_example():
    assert accepted("carried.schema.json", json.loads((EXAMPLES / "carried" / "carried.json").read_text()))


@pytest.mark.parametrize(("days", "expected"), [(31, ["already_charged"]), (30, ["2.500000"])])
def test_a_charge_of_an_earlier_period_pays_for_a_repeat_within_its_days(
    days: int, expected: list[str], tmp_path: Path
):
    rule = {"once": {"per": "lead", "days": days}}
    assert amounts(tmp_path, PERIOD | {"paid": [PAID]}, rule=rule) == expected


def test_what_earlier_periods_charged_a_lead_counts_for_its_cap(tmp_path: Path):
    total = {"rule": "r1", "lead": "l1", "amount": "4"}
    assert amounts(tmp_path, PERIOD | {"charged_to_leads": [total]}, rule={"cap_per_lead": "5"}) == ["1.000000"]


def test_the_terms_of_the_period_replace_those_of_the_customer(tmp_path: Path):
    assert amounts(tmp_path, PERIOD | {"terms": {"hard_budget": "2"}}) == ["2.000000"]
    ended = {"contract_to": "2026-01-31T23:41:09Z"}
    assert amounts(tmp_path, PERIOD | {"terms": ended}) == ["outside_contract"]


def test_a_rule_starts_and_ends_at_the_instants_of_the_period(tmp_path: Path):
    times = {"rule": "r1", "effective_from": "2026-01-31T23:41:09.000001Z"}
    assert amounts(tmp_path, PERIOD | {"rules": [times]}) == ["unrated"]
    assert amounts(tmp_path, PERIOD | {"rules": [times | {"effective_from": "2026-01-31T23:41:09Z"}]}) == ["2.500000"]


def test_an_action_type_is_billable_as_the_period_says(tmp_path: Path):
    kind = {"code": "sample_order", "billable": True, "changes": [{"at": "2026-01-31T23:41:09Z", "billable": False}]}
    assert amounts(tmp_path, PERIOD | {"action_types": [kind]}) == ["not_billable"]


def test_another_period_changes_nothing(tmp_path: Path):
    other = PERIOD | {"period": "2026-02", "terms": {"hard_budget": "0"}}
    assert amounts(tmp_path, other) == ["2.500000"]
    assert amounts(tmp_path, other, period="2026-02", late_from="2026-01-01") == ["0.000000"]


def test_every_fault_is_told_with_its_place(tmp_path: Path):
    faulty = [
        PERIOD | {"period": "October", "starts_at": "2026-02-30T00:00:00Z", "paid": [PAID | {"rule": "r2"}]},
        PERIOD | {"rules": [{"rule": "r9", "effective_from": "2026-01-01T25:00:00Z"}]},
        PERIOD | {"charged_to_leads": [{"rule": "r3", "lead": "l1", "amount": "1"}]},
    ]
    (tmp_path / "R").write_text(json.dumps({"rules": [RULE]}))
    (tmp_path / "A").write_text(json.dumps(ACTION | {"period": "2026-W54"}))
    (tmp_path / "C").write_text(json.dumps({"periods": faulty}))
    with pytest.raises(FilesRefused) as refused:
        list(price_files(tmp_path / "R", tmp_path / "A", carried=tmp_path / "C"))

    assert [str(fault).removeprefix(f"{tmp_path}/") for fault in refused.value.faults] == [
        "C: /periods/0/period: No such cycle: October",
        "C: /periods/0/starts_at: 2026-02-30T00:00:00Z does not exist: day is out of range for month",
        'C: /periods/0/paid/0/rule: no rule is called "r2"',
        "C: /periods/1/rules/0/effective_from: 2026-01-01T25:00:00Z does not exist: hour must be in 0..23",
        'C: /periods/1/rules/0/rule: no rule is called "r9"',
        "C: /periods/2: ACME 2026-01 is already at /periods/1",
        'C: /periods/2/charged_to_leads/0/rule: no rule is called "r3"',
        'A:1: /period: "2026-W54" is not a cycle such as 2026-10, 2026-W43 or 2026-W43x2',
    ]
