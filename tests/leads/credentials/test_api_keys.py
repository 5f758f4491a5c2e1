"""API keys are rotated with an overlap, expire, are revoked, and are cheap to check."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connections, transaction
from django.test.utils import CaptureQueriesContext

from billing_engine.core.models import Deed
from leads.domain.credentials.api_keys import (
    KnownKey,
    KnownSource,
    create_key,
    revoke_key,
    rotate_key,
    set_scopes,
    usable_key,
)
from leads.domain.credentials.lifetime import ExpiryInPast, KeyHasExpired, KeyIsRevoked
from leads.models import ApiKey, Source
from tests.factories.leads import CustomerFactory, SourceFactory
from tests.factories.people import UserFactory
from tests.processes import at_once

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 10, 15, 12, tzinfo=UTC)
WEEK = timedelta(days=7)


@pytest.fixture
def source() -> Source:
    return SourceFactory.create()


def test_a_rotated_key_is_valid_with_the_new_one_until_the_chosen_time(source: Source):
    old, old_text = create_key(source)
    olga = UserFactory.create()

    new, new_text = rotate_key(old, until=NOW + WEEK, by=olga, at=NOW)

    assert (new.source, new.created_by) == (source, olga)
    just_before = NOW + WEEK - timedelta(seconds=1)
    assert [usable_key(text, at=just_before) for text in (old_text, new_text)] == [old, new]
    assert [usable_key(text, at=NOW + WEEK) for text in (old_text, new_text)] == [None, new]


def test_a_key_rotated_without_overlap_is_revoked_at_once(source: Source):
    old, old_text = create_key(source)

    rotate_key(old, until=NOW, by=None, at=NOW)

    old.refresh_from_db()
    assert (old.revoked_at, usable_key(old_text, at=NOW)) == (NOW, None)


def test_rotating_never_lengthens_a_keys_life(source: Source):
    old, _ = create_key(source, expires_at=NOW + timedelta(days=1), at=NOW)

    rotate_key(old, until=NOW + WEEK, by=None, at=NOW)

    old.refresh_from_db()
    assert old.expires_at == NOW + timedelta(days=1)


def test_an_overlap_in_the_past_is_refused_and_creates_no_key(source: Source):
    old, old_text = create_key(source)

    with pytest.raises(ExpiryInPast):
        rotate_key(old, until=NOW - WEEK, by=None, at=NOW)

    assert list(ApiKey.objects.all()) == [old]
    assert usable_key(old_text, at=NOW) == old


def test_what_is_over_is_not_rotated(source: Source):
    revoked, _ = create_key(source)
    revoke_key(revoked, by=None, at=NOW)
    expired, _ = create_key(source, expires_at=NOW, at=NOW - WEEK)

    with pytest.raises(KeyIsRevoked):
        rotate_key(revoked, until=NOW + WEEK, by=None, at=NOW)
    with pytest.raises(KeyHasExpired):
        rotate_key(expired, until=NOW + WEEK, by=None, at=NOW)

    assert ApiKey.objects.count() == 2


def test_no_key_is_born_expired(source: Source):
    with pytest.raises(ExpiryInPast):
        create_key(source, expires_at=NOW, at=NOW)
    assert not ApiKey.objects.exists()


def test_a_key_is_found_by_one_query_once_its_use_has_been_noted(source: Source):
    _, whole = create_key(source)
    usable_key(whole, at=NOW)

    with CaptureQueriesContext(connections["default"]) as asked:
        found = usable_key(whole, at=NOW + timedelta(seconds=30))
        assert found is not None
        assert found.source == source

    assert len(asked) == 1


def test_a_found_key_and_its_source_have_the_stored_values_and_the_rest_is_read_on_demand():
    source = SourceFactory.create(
        customer=CustomerFactory.create(), requests_per_minute=7, signature_required=True, default_country="DE"
    )
    key, whole = create_key(source, expires_at=NOW + WEEK + timedelta(microseconds=1), at=NOW)
    set_scopes(key, ApiKey.Scope, by=UserFactory.create(), at=NOW)
    ApiKey.objects.filter(pk=key.pk).update(last_used_at=NOW)

    found = usable_key(whole, at=NOW)

    assert found is not None
    for row, form in ((found, KnownKey), (found.source, KnownSource)):
        stored = type(row)._base_manager.get(pk=row.pk)
        needed = set(form.__struct_fields__)
        assert {field.attname for field in row._meta.concrete_fields} - row.get_deferred_fields() == needed
        columns = [field.attname for field in row._meta.concrete_fields]
        assert [getattr(row, column) for column in columns] == [getattr(stored, column) for column in columns]


def test_a_revoked_key_and_one_of_an_inactive_source_are_not_found(source: Source):
    revoked, revoked_text = create_key(source)
    revoke_key(revoked, by=None, at=NOW)
    _, inactive_text = create_key(SourceFactory.create(is_active=False))

    assert [usable_key(text, at=NOW) for text in (revoked_text, inactive_text, "lbe_00000000_x", "lbe__", "")] == [
        None
    ] * 5


def test_the_use_is_noted_again_after_a_minute(source: Source):
    key, whole = create_key(source)

    noted = []
    for seconds in (0, 59, 60, 61):
        usable_key(whole, at=NOW + timedelta(seconds=seconds))
        key.refresh_from_db()
        noted.append(key.last_used_at)

    assert noted == [NOW, NOW, NOW + timedelta(minutes=1), NOW + timedelta(minutes=1)]


FIND = """
from datetime import datetime, timezone
from time import monotonic
from billing_engine.core.models import Deed
from leads.domain.credentials.api_keys import usable_key
began = monotonic()
key = usable_key({whole!r}, at=datetime(2026, 10, 15, 12, tzinfo=timezone.utc))
print(key is not None, key.last_used_at, monotonic() - began < 1)
"""


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
def test_recording_a_use_never_waits_for_a_change_of_the_key():
    key, whole = create_key(SourceFactory.create())

    with transaction.atomic():
        ApiKey.objects.select_for_update().get(pk=key.pk)
        [answer] = at_once(FIND.format(whole=whole))

    key.refresh_from_db()
    assert (answer, key.last_used_at) == ("True None True", None)


def test_a_key_sees_no_prices_until_a_person_lets_it_and_its_successor_sees_the_same() -> None:
    key, _ = create_key(SourceFactory.create())
    by = UserFactory.create()
    assert (key.scopes, key.sees_prices) == (["read", "send"], False)

    set_scopes(key, [ApiKey.Scope.READ, ApiKey.Scope.PRICES], by=by, at=NOW)
    set_scopes(key, [ApiKey.Scope.READ, ApiKey.Scope.PRICES], by=by, at=NOW)
    new, _ = rotate_key(key, until=NOW + timedelta(days=1), by=by, at=NOW)

    assert [each.sees_prices for each in ApiKey.objects.order_by("pk")] == [True, True]
    [deed] = Deed.objects.filter(verb="api_key_scopes_changed")
    assert (deed.person, deed.before, deed.after) == (by, {"scopes": ["read", "send"]}, {"scopes": ["prices", "read"]})
    revoke_key(new, by=by, at=NOW)
    with pytest.raises(KeyIsRevoked):
        set_scopes(new, [ApiKey.Scope.SEND], by=by, at=NOW)
    assert ApiKey.objects.get(pk=new.pk).sees_prices
