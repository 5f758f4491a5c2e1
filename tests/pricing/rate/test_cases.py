"""Cases that were wrong once, with their right values; they are next to the checkout, and run with the real command."""

import json
from typing import Any

import pytest

from tests.pricing.files.test_price_command import price
from tests.shared import BILLING_CASES, needs_cases

pytestmark = [needs_cases, pytest.mark.processes]


def run(case: str) -> tuple[dict[str, dict[str, Any]], str]:
    """The command's output for the case, by action, and its message if it refuses."""
    folder = BILLING_CASES / case
    done = price("--rules", folder / "rules.json", "--actions", folder / "actions.ndjson", "--explain")
    charges = [json.loads(line) for line in done.stdout.splitlines()]
    return {charge["action"]: charge for charge in charges}, done.stderr


def test_highest_only_with_a_free_allowance_is_refused():
    charges, refusal = run("highest_free")

    assert charges == {}
    assert (
        "/rules/0/highest_only: Highest only can't be combined with a free allowance. It needs a per-unit or percentage"
        " price without an allowance." in refusal
    )


def test_highest_only_with_a_volume_price_is_refused():
    charges, refusal = run("volume_highest")

    assert charges == {}
    assert (
        "/rules/0/highest_only: Highest only can't be combined with a volume price. It needs a per-unit or percentage"
        " price without an allowance." in refusal
    )


def test_a_leads_highest_priced_action_that_another_leads_charge_paid_for_is_named_as_just_that():
    charges, _ = run("highest_once_person")

    assert {action: (charge["reason"], float(charge["amount"])) for action, charge in charges.items()} == {
        "a": (None, 10),
        "b": ("already_charged", 0),
        "c": ("not_highest", 0),
    }
    assert (charges["b"]["explanation"]["duplicates"], charges["c"]["explanation"]["highest"]) == ("a", "b")
    assert charges["c"]["explanation"]["words"][-1] == (
        "Not charged: only a lead's highest-priced action in a period is charged. That is action b, and action a already"
        " paid for it."
    )


def test_what_cost_nothing_for_want_of_a_value_pays_for_nobody():
    charges, _ = run("once_zero_value_covers")

    assert {action: (charge["reason"], float(charge["amount"])) for action, charge in charges.items()} == {
        "a": (None, 0),
        "b": (None, 100),
    }
    assert charges["a"]["explanation"]["words"][-1] == "The action came without a value, so it costs nothing."
