"""API keys, signing secrets and rate limits in the admin."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now
from time_machine import travel

from leads.admin.credentials.columns import state_of
from leads.domain.credentials.api_keys import create_key, usable_key
from leads.domain.credentials.encryption import decrypt
from leads.domain.credentials.signatures import create_secret
from leads.models import ApiKey, SigningSecret, Source
from tests.factories.leads import ActionFactory, ApiKeyFactory, SourceFactory
from tests.factories.people import with_role

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 10, 15, 12, tzinfo=UTC)


def page(client: Client, name: str, *arguments: object) -> str:
    response = client.get(reverse(f"admin:{name}", args=arguments))
    assert response.status_code == 200
    return response.content.decode()


def press(client: Client, name: str, row: Any, **answers: object) -> Any:
    return client.post(reverse(f"admin:{name}", args=[row.pk]), answers, follow=True)


@travel(NOW, tick=False)
def test_a_rotated_key_shows_how_long_the_old_one_is_valid(operations: Client):
    old, old_text = create_key(SourceFactory.create())

    shown = press(operations, "leads_apikey_rotate", old, until="2026-10-22T12:00")

    whole, text = shown.context["plaintext"], shown.content.decode()
    assert usable_key(whole, at=NOW) == ApiKey.objects.exclude(pk=old.pk).get()
    assert usable_key(old_text, at=NOW + timedelta(days=6)) == old
    said = re.sub(r"<[^>]+>", "", text)
    assert (whole in text, "Oct 22, 2026, 12:00 UTC" in said, "no-store" in shown["Cache-Control"]) == (
        True,
        True,
        True,
    )
    listed = page(operations, "leads_source_change", old.source_id)
    assert ("Expires in 7 days" in listed, whole in listed) == (True, False)


@travel(NOW, tick=False)
def test_the_form_proposes_a_week_of_overlap(operations: Client):
    old, _ = create_key(SourceFactory.create())
    assert 'value="2026-10-22T12:00"' in page(operations, "leads_apikey_rotate", old.pk)


@travel(NOW, tick=False)
def test_an_overlap_in_the_past_is_refused_in_the_dialog(operations: Client):
    old, _ = create_key(SourceFactory.create())

    shown = press(operations, "leads_apikey_rotate", old, until="2026-10-01T00:00")

    assert shown.context["form"].non_field_errors() == ["Choose a time in the future."]
    assert ApiKey.objects.count() == 1


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({}, "Active"),
        ({"expires_at": NOW + timedelta(minutes=30)}, "Expires in 30 min"),
        ({"expires_at": NOW + timedelta(hours=30)}, "Expires in 30 hours"),
        ({"expires_at": NOW + timedelta(days=30)}, "Expires in 30 days"),
        ({"expires_at": NOW}, "Expired"),
        ({"revoked_at": NOW, "expires_at": NOW + timedelta(days=1)}, "Revoked"),
    ],
)
@travel(NOW, tick=False)
def test_the_state_of_a_key_is_shown_in_words(facts: dict[str, datetime], words: str):
    assert f">{words}<" in state_of(ApiKeyFactory.create(**facts))


def test_what_is_over_has_no_buttons(operations: Client):
    key = ApiKeyFactory.create(revoked_at=NOW)
    listed = page(operations, "leads_source_change", key.source_id)
    assert (reverse("admin:leads_apikey_rotate", args=[key.pk]) in listed, "Revoked" in listed) == (False, True)


def test_a_new_secret_is_shown_once_and_kept_encrypted(operations: Client):
    source = SourceFactory.create()

    shown = press(operations, "leads_source_new_secret", source, given="")

    whole = shown.context["plaintext"]
    kept = SigningSecret.objects.get()
    assert (whole in shown.content.decode(), decrypt(kept.sealed)) == (True, whole)
    listed = page(operations, "leads_source_change", source.pk)
    assert (kept.hint in listed, whole in listed) == (True, False)


def test_an_invalid_secret_is_refused_in_the_dialog(operations: Client):
    shown = press(operations, "leads_source_new_secret", SourceFactory.create(), given="whsec_short")
    assert len(shown.context["form"].non_field_errors()) == 1
    assert not SigningSecret.objects.exists()


def test_a_secret_is_rotated_and_revoked(operations: Client):
    secret, _ = create_secret(SourceFactory.create())
    until = now() + timedelta(days=2)

    press(operations, "leads_signingsecret_rotate", secret, until=f"{until:%Y-%m-%dT%H:%M}", given="")
    newer = SigningSecret.objects.exclude(pk=secret.pk).get()
    press(operations, "leads_signingsecret_revoke", newer)

    secret.refresh_from_db()
    newer.refresh_from_db()
    assert (secret.expires_at is not None, newer.revoked_at is not None) == (True, True)


@pytest.mark.parametrize("name", ["leads_apikey_rotate", "leads_signingsecret_rotate", "leads_signingsecret_revoke"])
def test_a_viewer_rotates_and_revokes_nothing(client: Client, name: str):
    client.force_login(with_role("Viewer"))
    source = SourceFactory.create()
    (key, _), (secret, _) = create_key(source), create_secret(source)

    answer = press(client, name, key if "apikey" in name else secret, until="2030-01-01T00:00")

    assert answer.status_code == 403
    assert (ApiKey.objects.count(), SigningSecret.objects.get().revoked_at) == (1, None)


def source_facts(source: Source, **more: object) -> dict[str, object]:
    return {
        "name": source.name,
        "code": source.code,
        "is_active": "on",
        "new_products": "quarantine",
        "wait_hours": 24,
        **{
            f"{rows}-{part}": 0
            for rows in ("revisions", "api_keys", "hooks", "signing_secrets")
            for part in ("TOTAL_FORMS", "INITIAL_FORMS")
        },
        **more,
    }


def test_a_signature_is_required_only_where_there_is_a_secret(operations: Client):
    source = SourceFactory.create()
    address = reverse("admin:leads_source_change", args=[source.pk])

    refused = operations.post(address, source_facts(source, signature_required="on"))
    create_secret(source)
    operations.post(
        address, source_facts(source, signature_required="on", requests_per_minute="30", default_country="DE")
    )

    source.refresh_from_db()
    assert list(refused.context["adminform"].form.errors) == ["signature_required"]
    assert (source.signature_required, source.requests_per_minute, source.default_country) == (True, 30, "DE")


@travel(NOW, tick=False)
def test_a_test_key_is_chosen_named_above_its_source_and_shows_where_it_was_used(operations: Client):
    source = SourceFactory.create()
    shown = press(operations, "leads_source_new_key", source, scopes=["send"], is_test="on")
    key = ApiKey.objects.get()
    usable_key(shown.context["plaintext"], at=NOW, address="203.0.113.7")

    of_source = page(operations, "leads_source_change", source.pk)
    of_key = " ".join(re.sub(r"<[^>]+>", " ", page(operations, "leads_apikey_change", key.pk)).split())

    assert (key.scopes, key.is_test) == (["send"], True)
    assert ("Test mode" in of_source, reverse("admin:leads_apikey_change", args=[key.pk]) in of_source) == (True, True)
    assert [words in of_key for words in ("Send leads", "203.0.113.7 · Oct 15, 2026, 12:00", "Test")] == [True] * 3
    ApiKey.objects.update(revoked_at=NOW)
    assert "Test mode" not in page(operations, "leads_source_change", source.pk)


def test_a_key_that_may_do_nothing_is_refused_in_the_dialog(operations: Client):
    shown = press(operations, "leads_source_new_key", SourceFactory.create())
    assert shown.context["form"].non_field_errors() == ["Choose what the key may do."]
    assert not ApiKey.objects.exists()


def test_test_leads_are_cleared_after_their_count_is_shown(operations: Client):
    action = ActionFactory.create(lead__is_test=True)
    source = action.lead.source
    offered = reverse("admin:leads_source_clear_tests", args=[source.pk])
    assert offered in page(operations, "leads_source_change", source.pk)

    asked = page(operations, "leads_source_clear_tests", source.pk)
    done = press(operations, "leads_source_clear_tests", source)

    action.refresh_from_db()
    assert ("Test leads: 1. Their actions: 1. Quarantined items: 0." in asked, action.void_reason) == (
        True,
        "Test leads cleared",
    )
    assert "Actions voided: 1. Discarded from quarantine: 0." in done.content.decode()
    assert offered not in page(operations, "leads_source_change", source.pk)
