"""The checks of the soak can fail: each reports a fault it is given."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User

from billing_engine.core.calendar.wall_clock import read
from tests.invoices.made import a_draft, approved, issued
from tests.soak.checks import (
    Copy,
    Number,
    acknowledged_once,
    mailed_once,
    nothing_waits,
    one_live_invoice,
    taken_back,
    without_gap,
)
from tests.soak.held import held
from tests.soak.ledger import Key, Ledger, Sent
from tests.soak.recount import Charged, Quote, recount

OCTOBER_15 = datetime(2026, 10, 15, 12, tzinfo=UTC)
FIRST, SECOND = Key("web", "L-1", "A-1"), Key("web", "L-1", "A-2")
SENT = Sent("page_view", Decimal(3), OCTOBER_15)
BOTH = {FIRST: SENT, SECOND: SENT}


def a_charge(action: int, kind: str, quantity: str, amount: str | None, **facts: object) -> Charged:
    usual = Charged(
        *(action, 1, "YORK", "America/New_York", kind, Decimal(quantity), OCTOBER_15, False, action),
        *(f"person{action}", None if amount is None else Decimal(amount), ""),
    )
    return usual._replace(**facts)


def test_what_was_acknowledged_and_is_stored_once_holds():
    assert acknowledged_once(BOTH, Counter(BOTH.keys()), [*BOTH.items()]) == []


def test_an_action_that_is_missing_doubled_or_never_sent_is_named():
    stored = [(FIRST, SENT), (FIRST, SENT), (Key("web", "L-9", "A-9"), SENT)]

    assert acknowledged_once(BOTH, {}, stored) == [
        f"{SECOND} was acknowledged, but is missing",
        f"{FIRST} is stored 2 times",
        f"{Key('web', 'L-9', 'A-9')} is stored, but was never sent",
    ]


def test_an_action_stored_differently_or_reported_as_new_twice_is_named():
    otherwise = SENT._replace(quantity=Decimal(4))

    assert acknowledged_once({FIRST: SENT}, {FIRST: 2}, [(FIRST, otherwise)]) == [
        f"{FIRST} was sent as {SENT}, but is stored as {otherwise}",
        f"{FIRST} was reported as new 2 times",
    ]


def test_a_repeated_response_is_not_a_second_action():
    ledger = Ledger()
    ledger.acknowledge(FIRST, SENT, "created")
    ledger.acknowledge(FIRST, SENT, "created", again=True)
    ledger.acknowledge(SECOND, SENT, "quarantined")

    assert (ledger.created[FIRST], ledger.faults) == (
        1,
        [f"{SECOND} is well-formed, and its outcome was quarantined"],
    )


def test_a_missing_or_unsent_void_is_reported():
    assert taken_back({FIRST}, {FIRST}) == []
    assert taken_back({FIRST}, {SECOND}) == [
        f"the void of {FIRST} was acknowledged, but is missing",
        f"{SECOND} is void, but was never voided by its source",
    ]


def test_waiting_work_is_reported():
    assert nothing_waits({"marks": 0, "bulk actions": 0}) == []
    assert nothing_waits({"marks": 2, "bulk actions": 0}) == ["2 marks"]


def test_a_period_with_two_live_invoices_is_named():
    assert one_live_invoice([7, 8, 7]) == ["period 7 has 2 live invoices"]


def test_a_gap_a_duplicate_and_a_missing_number_shown_to_a_person_are_named():
    first, second, third = (Number(1, serial, f"INV-2026-{serial:06d}") for serial in (1, 2, 3))

    assert without_gap([first, second, third], last={1: 3}, told={"INV-2026-000003"}) == []
    assert without_gap([first, third], last={1: 4}, told={"INV-2026-000002"}) == [
        "series 1 lacks 2",
        "series 1 lacks 4",
        "INV-2026-000002 was shown to a person, but is missing",
    ]
    assert without_gap([first, first._replace(number="INV-2026-000007")], last={1: 1}, told=()) == [
        "series 1 issued 1 twice",
        "INV-2026-000007 is not 1",
    ]


@pytest.mark.parametrize(
    ("arrived", "sent", "interrupted", "faults"),
    [
        ([("a", "1")], {"a": 1}, set(), []),
        ([("a", "1"), ("a", "1")], {"a": 1}, {"a"}, []),
        ([("a", "1"), ("a", "1")], {"a": 1}, set(), ["a arrived 2 times, but no worker was killed while sending it"]),
        ([("a", "1"), ("a", "2")], {"a": 1}, {"a"}, ["a is the ID of 2 different emails"]),
        ([], {"a": 1}, set(), ["a was sent, but never arrived"]),
        ([("b", "1")], {}, set(), ["b arrived, but is not marked as sent"]),
    ],
)
def test_an_email_arrives_once_or_as_an_identical_copy_after_a_kill(
    arrived: list[tuple[str, str]], sent: dict[str, int], interrupted: set[str], faults: list[str]
):
    assert mailed_once([Copy(*one) for one in arrived], sent=sent, interrupted=interrupted) == faults


def test_simple_rules_are_recalculated_to_the_sixth_digit():
    november = read("2026-11-01")
    quotes = {"YORK": [Quote(read("2020-01-01"), november, Decimal(18)), Quote(november, None, Decimal("20.5"))]}
    last_of_october = datetime(2026, 11, 1, 3, 59, 59, tzinfo=UTC)  # a second before midnight in New York
    charged = [
        a_charge(1, "page_view", "90", "4.5"),
        a_charge(2, "page_view", "20", "0", is_void=True, reason="voided"),
        a_charge(3, "page_view", "20", "0.8"),  # ten at 0.05, ten at 0.03
        a_charge(4, "spec_download", "2", "1.50"),
        a_charge(5, "quote_request", "1", "18", occurred_at=last_of_october),
        a_charge(6, "quote_request", "1", "20.5", occurred_at=last_of_october + timedelta(seconds=1)),
        a_charge(7, "sample_order", "2", "5"),
    ]

    found = recount(charged, quotes)

    assert (found.exactly, found.by_limits, found.faults) == (6, 1, [])


@pytest.mark.parametrize(
    ("charged", "fault"),
    [
        ([a_charge(1, "page_view", "3", None)], "action 1 has no charge"),
        ([a_charge(1, "page_view", "3", "0.16")], "action 1 costs 0.15, and was charged 0.16"),
        (
            [a_charge(1, "page_view", "3", "0.15", is_void=True)],
            "action 1 is void, and was charged 0.15",
        ),
        ([a_charge(1, "quote_request", "1", "18")], "action 1 has not one price, and was charged 18"),
        ([a_charge(1, "sample_order", "1", "2.51")], "sample 1 was charged 2.51, at most 2.50"),
        (
            [a_charge(1, "sample_order", "4", "10"), a_charge(2, "sample_order", "2", "5", lead=1)],
            "lead 1 was charged 15 for samples",
        ),
        (
            [a_charge(1, "sample_order", "1", "2.5"), a_charge(2, "sample_order", "1", "2.5", person="person1")],
            f"person1 paid twice in period 1, at {OCTOBER_15} and at {OCTOBER_15}",
        ),
        (
            [a_charge(n, "sample_order", "4", "10") for n in range(1, 62)],
            "period 1 was charged 610 for samples",
        ),
    ],
)
def test_a_charge_that_is_not_what_its_rule_says_is_named(charged: list[Charged], fault: str):
    assert recount(charged, {}).faults == [fault]


@pytest.mark.django_db
def test_the_checks_find_unsent_actions_and_waiting_work_in_stored_data(accountant: User, operator: User):
    issued(a_draft(3), accountant)
    approved(a_draft(2), operator)

    found = {one.name: list(one.faults) for one in held(Ledger(), [])}

    assert len(found["every acknowledged action is stored once, none is missing"]) == 2
    assert found["nothing is waiting"] == ["1 waiting documents"]
    assert len(found["every number has its PDF, every void one its mark"]) == 1
    assert [name for name in ("no period has two live invoices", "numbers without gap or double") if found[name]] == []
    assert found["every closed period proves"] == []
