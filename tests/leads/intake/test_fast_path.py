"""Reading a lead in one step gives the same result as reading it part by part, or falls back to it."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leads.domain.body.decode import is_plain
from leads.domain.body.parse import read_parcel
from leads.domain.faults import Fault
from leads.domain.intake.items import SentLead
from leads.domain.intake.read import read_leads
from leads.domain.intake.schema import WholeLead
from leads.domain.limits import DEPTH

RECEIVED_AT = datetime(2026, 10, 20, 9, tzinfo=UTC)

texts = st.text(max_size=8) | st.sampled_from([" ", "\0", "a\0b", "\u200b", "x" * 201, "sNaN", "NaN", "1e-7"])
numbers = (
    st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from([0, 1, -1, 1.5, 1e300, 10**400, 0.0000001])
)
values = st.none() | st.booleans() | texts | numbers | st.lists(texts, max_size=2)
times = st.sampled_from(
    ["2026-10-15T12:00:00Z", "2026-10-15T12:00:00", "1999-12-31T00:00:00Z", "2026-10-20T09:06:00Z", "yesterday"]
)
actions = st.fixed_dictionaries(
    {"id": values, "type": texts, "occurred_at": times},
    optional={"quantity": values, "value": values, "attributes": st.dictionaries(texts, values, max_size=3)},
)
leads = st.fixed_dictionaries(
    {"id": texts | numbers},
    optional={
        "product": st.fixed_dictionaries({"sku": texts | st.integers()}, optional={"customer": values}),
        "contact": st.fixed_dictionaries({}, optional={"name": values, "email": texts}),
        "occurred_at": times,
        "is_test": values,
        "attributes": st.dictionaries(texts, values, max_size=3),
        "actions": st.lists(actions, max_size=3),
    },
)


def found(lead: SentLead) -> list[Any]:
    """Return everything that intake continues with."""
    item = lead.item
    members = [getattr(item, name) for name in item.__struct_fields__ if name != "actions"] if item else None
    return [lead.raw, members, lead.result, [(action.raw, action.item, action.result) for action in lead.actions]]


@given(lead=leads)
@settings(max_examples=500, deadline=None)
def test_both_ways_of_reading_find_the_same(lead: dict[str, Any]):
    body = json.dumps(lead).encode()
    [placed] = read_parcel(body).items

    [in_one_step] = read_leads([placed], received_at=RECEIVED_AT, plain=is_plain([placed.item]))
    [part_by_part] = read_leads([placed], received_at=RECEIVED_AT, plain=False)

    assert found(in_one_step) == found(part_by_part)


@given(sent=st.lists(leads, max_size=4))
@settings(max_examples=200, deadline=None)
def test_a_body_with_invalid_leads_is_read_lead_by_lead(sent: list[dict[str, Any]]):
    items = read_parcel(json.dumps(sent).encode()).items

    together = read_leads(items, received_at=RECEIVED_AT, plain=is_plain([item for _, item in items]))
    part_by_part = read_leads(items, received_at=RECEIVED_AT, plain=False)

    assert [found(lead) for lead in together] == [found(lead) for lead in part_by_part]


@pytest.mark.parametrize("depth", [DEPTH - 3, DEPTH - 2, DEPTH - 1, DEPTH])
@pytest.mark.parametrize("leaf", ["1", "1e400", "0.00000000000000000001", "NaN", "1e999999999999999999999"])
@pytest.mark.parametrize("member", ["attributes", "consent"])
def test_both_ways_find_the_same_at_every_depth(member: str, leaf: str, depth: int):
    nested = "[" * depth + leaf + "]" * depth
    body = f'{{"id": 7, "{member}": {{"deep": {nested}, "flat": {leaf}}}}}'.encode()
    if leaf == "NaN":
        body = body.replace(b"NaN", b'"NaN"')
    [placed] = read_parcel(body).items

    [in_one_step] = read_leads([placed], received_at=RECEIVED_AT, plain=True)
    [part_by_part] = read_leads([placed], received_at=RECEIVED_AT, plain=False)

    assert found(in_one_step) == found(part_by_part)


def test_a_flawless_lead_is_read_in_one_step():
    action = {"id": "A-1", "type": "x", "occurred_at": "2026-10-15T12:00:00Z", "quantity": 2, "value": "12.50"}
    lead = {"id": 7, "attributes": {"page": "/x", "weight": 0.5, "new": True}, "actions": [action]}
    [placed] = read_parcel(json.dumps(lead).encode()).items

    [sent] = read_leads([placed], received_at=RECEIVED_AT, plain=True)

    assert isinstance(sent.item, WholeLead)


@pytest.mark.parametrize("quantity", ["sNaN", "NaN", "Infinity", "-1", "1e13", "0.0000001"])
def test_an_amount_in_doubt_is_read_part_by_part(quantity: str):
    action = {"id": "A-1", "type": "x", "occurred_at": "2026-10-15T12:00:00Z", "quantity": quantity}
    [placed] = read_parcel(json.dumps({"id": 7, "actions": [action]}).encode()).items

    [lead] = read_leads([placed], received_at=RECEIVED_AT, plain=True)
    [sent] = lead.actions

    assert isinstance(sent.result.fault, Fault)
    assert sent.result.fault.code == "quantity_invalid"
