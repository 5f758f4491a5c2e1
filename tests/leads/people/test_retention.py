"""Each source keeps raw bodies and contact data as long as it says; what is older is cleared at night."""

from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.test import Client
from django.urls import reverse

from leads.domain.archive.bodies import body_of
from leads.domain.intake.receive import receive
from leads.domain.people.erase import ERASURES
from leads.domain.people.retention import retention_due, start_retention
from leads.domain.pseudonyms import pseudonym
from leads.models import Delivery, Erasure, Lead, Source
from tests.factories.people import with_role
from tests.leads.people.conftest import NOW, OTHER, lead, sent

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(days=40)


@pytest.fixture
def kept(source: Source) -> Source:
    """A source that keeps bodies for 30 days and contact data for 35, with an old and a young lead."""
    Source.objects.filter(pk=source.pk).update(keep_bodies_days=30, keep_contacts_days=35)
    receive(source, body=sent(lead()), content_type="application/json", received_at=NOW, idempotency_key="k-1")
    receive(source, body=sent(lead("L-2", contact=OTHER)), content_type="application/json", received_at=LATER)
    source.refresh_from_db()
    return source


def night() -> list[Erasure]:
    runs = start_retention(at=LATER)
    for run in runs:
        while ERASURES.work(run.pk, at=LATER):
            pass
        run.refresh_from_db()
    return runs


def test_nothing_is_cleared_until_a_source_says_so(source: Source) -> None:
    receive(source, body=sent(lead()), content_type="application/json", received_at=NOW)

    assert (list(retention_due(at=LATER)), night()) == ([], [])


def test_the_preview_counts_what_the_night_clears_and_receipts_still_answer(kept: Source) -> None:
    due = [(each.kind, each.in_words) for each in retention_due(at=LATER)]

    runs = night()

    assert due == [("bodies", "1 raw body"), ("contacts", "1 lead")]
    assert [(run.kind, run.bodies, run.leads, run.finished_at) for run in runs] == [
        ("bodies", 1, 0, LATER),
        ("contacts", 0, 1, LATER),
    ]
    assert [bool(body_of(each)) for each in Delivery.objects.order_by("pk")] == [False, True]
    assert [(each.email, each.person_key) for each in Lead.objects.order_by("pk")] == [
        ("", pseudonym("mara.kerzinski@marker.example")),
        (OTHER["email"], OTHER["email"]),
    ]
    again = receive(kept, body=sent(lead()), content_type="application/json", received_at=LATER, idempotency_key="k-1")
    assert again.delivery_id == Delivery.objects.order_by("pk")[0].pk
    assert night() == []


def test_contact_data_waits_for_the_key_of_pseudonyms(kept: Source, settings: LazySettings) -> None:
    settings.PSEUDONYM_KEY = ""

    assert [run.kind for run in night()] == ["bodies"]
    assert Lead.objects.get(external_id="L-1").email


def test_the_page_says_what_the_next_night_would_clear(
    kept: Source, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("leads.admin.people.retention_page.now", lambda: LATER)
    client.force_login(with_role("Viewer"))

    page = client.get(reverse("admin:leads_retention")).content.decode()

    assert "The next night would clear 1 raw body and 1 lead" in " ".join(page.split())
