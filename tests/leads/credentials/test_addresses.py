"""An API key shows from which addresses it was used lately, at the cost of a write a minute."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from leads.domain.credentials.addresses import ADDRESSES, addresses_of
from leads.domain.credentials.api_keys import create_key, usable_key
from leads.models import ApiKey, Source

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 10, 15, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def stored() -> list[tuple[str, datetime]]:
    return addresses_of(ApiKey.objects.get())


def test_each_address_is_noted_at_most_once_a_minute(source: Source) -> None:
    _, whole = create_key(source)

    queries = []
    for seconds, address in ((0, "10.0.0.1"), (1, "10.0.0.2"), (30, "10.0.0.1"), (59, "10.0.0.2"), (60, "10.0.0.1")):
        with CaptureQueriesContext(connections["default"]) as asked:
            assert usable_key(whole, at=NOW + timedelta(seconds=seconds), address=address)
        queries.append(len(asked) > 1)

    assert queries == [True, True, False, False, True]
    assert stored() == [("10.0.0.1", NOW + MINUTE), ("10.0.0.2", NOW + timedelta(seconds=1))]
    assert ApiKey.objects.get().last_used_at == NOW + MINUTE


def test_the_last_ten_addresses_are_kept_and_many_at_once_write_no_more(source: Source) -> None:
    _, whole = create_key(source)
    for number in range(ADDRESSES + 2):
        usable_key(whole, at=NOW + timedelta(seconds=number), address=f"2001:db8::{number:x}")
    first = stored()

    usable_key(whole, at=NOW + MINUTE, address="2001:db8::ffff")

    assert [address for address, _ in first] == [f"2001:db8::{number:x}" for number in reversed(range(ADDRESSES))]
    assert [address for address, _ in stored()] == ["2001:db8::ffff", *[address for address, _ in first[:-1]]]


def test_a_request_notes_where_it_came_from(client: Client, key: str) -> None:
    client.get("/api/v1/receipts/1", headers={"Authorization": f"Bearer {key}"}, REMOTE_ADDR="10.9.8.7")

    assert [address for address, _ in stored()] == ["10.9.8.7"]
