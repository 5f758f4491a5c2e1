"""No secret gets into a history, a message, a page or another table, and none can be guessed by filters."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import connection, models
from django.test import Client
from django.urls import reverse

from billing_engine.core.admin_kit.pages import SECRET
from leads.models import ApiKey, SigningSecret
from tests.factories.leads import SourceFactory
from tests.factories.people import UserFactory, superuser

pytestmark = pytest.mark.django_db

GIVEN = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PASSWORD = "a password that no page repeats"
# Columns whose names say secret but that hold none: a yes or no, or the digest of what was received or is published.
HARMLESS = {
    "core.Deed.digest",
    "invoices.InvoiceProof.digest",
    "invoices.InvoiceProof.sealed_at",
    "invoices.ProofKey.digest",
    "leads.Source.signature_required",
    "leads.Delivery.body_sha256",
    "leads.QuarantinedItem.digest",
}
# Columns that hold a secret, or what a secret is checked by.
SECRETS = {
    "auth.User.password",
    "leads.ApiKey.digest",
    "leads.CustomerKey.digest",
    "leads.Hook.digest",
    "leads.Hook.earlier_sealed",
    "leads.Hook.fetch_sealed",
    "leads.Hook.sealed",
    "leads.SigningSecret.sealed",
    "receivables.PaymentLink.token",
    "receivables.WebhookSecret.sealed",
    "sessions.Session.session_data",
    "socialaccount.SocialApp.secret",
    "socialaccount.SocialToken.token",
    "socialaccount.SocialToken.token_secret",
}


def columns() -> Iterator[tuple[str, Any]]:
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            yield f"{model._meta.label}.{field.name}", field


def test_every_column_with_a_secret_is_known() -> None:
    named = {name for name, field in columns() if SECRET.search(field.name) and not field.is_relation}
    of_bytes = {
        name
        for name, field in columns()
        if isinstance(field, models.BinaryField) and not field.name.endswith(("digest", "body", "answer", "content"))
    }
    assert named - {name for name in HARMLESS if name in named} == SECRETS
    assert of_bytes <= SECRETS | {
        "invoices.InvoiceMail.message",
        "invoices.InvoiceProof.manifest",
        "invoices.InvoiceProof.signature",
        "leads.CustomerPortal.id_key",
    }


def test_no_list_can_be_filtered_by_a_secret() -> None:
    client = Client()
    client.force_login(superuser())
    for model, page in admin.site._registry.items():
        for field in model._meta.concrete_fields:
            if f"{model._meta.label}.{field.name}" in SECRETS:
                name = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
                answer = client.get(reverse(name), {f"{field.name}__startswith": "a"})
                assert answer.status_code == 400, f"{page}: {field.name}"


def test_a_secret_is_in_its_own_column_and_in_no_other_and_is_shown_once() -> None:
    client, source, user = Client(), SourceFactory.create(), UserFactory.create()
    client.force_login(superuser())

    shown = _made(client, source.pk, user)

    secrets = {PASSWORD, GIVEN, *shown, *_stored()}
    told = list(_everything_stored())
    assert len(secrets) >= 6
    assert [f"{place}: {secret[:12]}…" for secret in secrets for place, text in told if secret in text] == []
    pages = [reverse("admin:leads_source_change", args=[source.pk]), reverse("admin:auth_user_change", args=[user.pk])]
    pages += [reverse(f"admin:leads_{each}_changelist") for each in ("apikey", "signingsecret")]
    pages += [
        reverse("admin:auth_user_history", args=[user.pk]),
        reverse("admin:leads_source_history", args=[source.pk]),
    ]
    for page in pages:
        text = client.get(page).content.decode()
        assert [secret for secret in secrets if secret in text] == []


def _made(client: Client, source: int, user: User) -> list[str]:
    """Make a key and a secret, rotate both, and set a password, all in the admin; return what was shown."""
    ends = {"until": "2099-01-01T00:00"}
    asked: list[tuple[str, int, dict[str, str]]] = [
        ("leads_source_new_key", source, {"scopes": "send"}),
        ("leads_source_new_secret", source, {"given": GIVEN}),
    ]
    shown = [_plaintext(client, *each) for each in asked]
    key, secret = ApiKey.objects.get(), SigningSecret.objects.get()
    shown += [_plaintext(client, "leads_apikey_rotate", key.pk, ends)]
    shown += [_plaintext(client, "leads_signingsecret_rotate", secret.pk, ends)]
    user.set_password(PASSWORD)  # people set their own; no page of another person does
    user.save(update_fields=["password"])
    assert user.check_password(PASSWORD)
    return shown


def _plaintext(client: Client, name: str, key: int, answers: dict[str, str]) -> str:
    answer = client.post(reverse(f"admin:{name}", args=[key]), answers)
    return str(answer.context["plaintext"])


def _stored() -> Iterator[str]:
    yield from ApiKey.objects.values_list("digest", flat=True)
    yield from (
        bytes(sealed).decode(errors="replace") for sealed in SigningSecret.objects.values_list("sealed", flat=True)
    )
    yield from User.objects.exclude(password="").values_list("password", flat=True)


def _everything_stored() -> Iterator[tuple[str, str]]:
    """Every value in the database as text, except in the secrets' own columns."""
    for model in apps.get_models():
        kept = [field for field in model._meta.concrete_fields if f"{model._meta.label}.{field.name}" not in SECRETS]
        names = ", ".join(f'"{field.column}"' for field in kept)
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT row_to_json(each) FROM (SELECT {names} FROM {model._meta.db_table}) each")
            for (row,) in cursor.fetchall():
                yield model._meta.label, row if isinstance(row, str) else json.dumps(row)
