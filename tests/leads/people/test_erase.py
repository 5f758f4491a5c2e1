"""A person who asks is erased everywhere, and what was billed stays to the last digit."""

import json
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction

from leads.domain.archive.bodies import body_of
from leads.domain.intake.receive import receive
from leads.domain.people.erase import ERASURES, NotRunning, ask_erasure, resume_erasure, stop_erasure
from leads.domain.people.person import Person
from leads.domain.people.places import Hold
from leads.domain.pseudonyms import pseudonym
from leads.models import BillingPeriod, Delivery, Erasure, Lead, QuarantinedItem, Source
from tests.leads.people.conftest import MARKER, NOW, OTHER, lead, sent

pytestmark = pytest.mark.django_db


def erased(by: User | None = None, email: str = MARKER["email"]) -> Erasure:
    erasure = ask_erasure(Person.given(email=email), reason="Request 17", by=by, at=NOW)
    while ERASURES.work(erasure.pk, at=NOW):
        pass
    erasure.refresh_from_db()
    return erasure


def test_an_erased_person_is_in_no_lead_and_no_body_and_neighbors_stay(source: Source, operator: User) -> None:
    body = sent(lead(), lead("L-2", contact=OTHER))
    receive(source, body=body, content_type="application/json", received_at=NOW)
    other = Lead.objects.get(external_id="L-2")

    erasure = erased(operator)

    found = Lead.objects.get(external_id="L-1")
    delivery = Delivery.objects.get()
    assert (found.name, found.email, found.phone, found.firm) == ("", "", "", "")
    assert found.person_key == pseudonym("mara.kerzinski@marker.example")
    assert Lead.objects.get(external_id="L-2") == other
    left = body_of(delivery).decode()
    assert left == body.decode().replace(json.dumps(MARKER), json.dumps(dict.fromkeys(MARKER, "[erased]")))
    assert delivery.body_sha256 == erasure.redactions.get(of="body").sha256
    assert (erasure.leads, erasure.bodies, erasure.items, erasure.failed) == (1, 1, 0, 0)
    assert (erasure.person, erasure.finished_at) == ({}, NOW)


def test_a_repaired_item_of_an_erased_person_still_counts_as_that_person(source: Source, operator: User) -> None:
    receive(source, body=sent(lead(product={"sku": "GONE"})), content_type="application/json", received_at=NOW)

    erased(operator)

    item = QuarantinedItem.objects.get()
    assert item.content["contact"]["email"] == pseudonym("mara.kerzinski@marker.example")
    assert "Kerzinski" not in json.dumps(item.content)
    assert item.digest is None


def test_a_person_who_comes_back_is_known_by_the_pseudonym(source: Source, operator: User) -> None:
    receive(source, body=sent(lead()), content_type="application/json", received_at=NOW)
    erased(operator)

    receive(source, body=sent(lead("L-9")), content_type="application/json", received_at=NOW + timedelta(days=1))
    again = receive(source, body=sent(lead()), content_type="application/json", received_at=NOW + timedelta(days=1))

    assert [each.person_key for each in Lead.objects.all()] == [pseudonym("mara.kerzinski@marker.example")] * 2
    assert [result.outcome for result in again.results] == ["duplicate"]


WRITES = {
    "body": "UPDATE leads_delivery SET body = '\\x00'",
    "lead": "UPDATE leads_lead SET name = '', email = ''",
    "other-facts": "UPDATE leads_lead SET name = '', email = '', campaign = 'x'",
    "action": "UPDATE leads_action SET attributes = '{}'",
    "item": "UPDATE leads_quarantineditem SET content = '{}'",
    "finished": "UPDATE leads_erasure SET reason = 'another'",
    "late": "INSERT INTO leads_redaction (erasure_id, of, row, sha256) SELECT id, 'body', 1, '' FROM leads_erasure",
    "gone": "DELETE FROM leads_redaction",
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_the_database_lets_nothing_be_cleared_without_a_running_erasure(
    source: Source, operator: User, write: str
) -> None:
    receive(source, body=sent(lead("L-0")), content_type="application/json", received_at=NOW)
    erased(operator)
    kept = lead("L-2", contact=OTHER)
    kept["actions"][0]["attributes"] = {"by": "hand"}
    receive(
        source, body=sent(kept, lead("L-3", product={"sku": "GONE"})), content_type="application/json", received_at=NOW
    )
    BillingPeriod.objects.update(state="closed", closed_at=NOW)

    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(write)


def test_an_open_dispute_defers_an_erasure_which_comes_back_on_its_day(
    source: Source, operator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    receive(source, body=sent(lead()), content_type="application/json", received_at=NOW)
    held = [Hold("DSP-1 is open.", (NOW + timedelta(days=9)).date())]
    monkeypatch.setattr("leads.domain.people.erase.hold_of", lambda _: held[0] if held else None)

    erasure = erased(operator)

    assert (erasure.held_until, erasure.held_because, erasure.leads) == (held[0].until, "DSP-1 is open.", 0)
    ERASURES.tidy(at=NOW + timedelta(days=8))
    assert not ERASURES.work(erasure.pk, at=NOW + timedelta(days=8))
    ERASURES.tidy(at=NOW + timedelta(days=9))
    erasure.refresh_from_db()
    assert erasure.held_until == (NOW + timedelta(days=16)).date()
    held.clear()
    later = NOW + timedelta(days=16)
    ERASURES.tidy(at=later)
    while ERASURES.work(erasure.pk, at=later):
        pass
    erasure.refresh_from_db()
    assert (erasure.finished_at, erasure.leads) == (later, 1)


def test_an_erasure_is_stopped_and_resumed(source: Source, operator: User) -> None:
    receive(source, body=sent(lead()), content_type="application/json", received_at=NOW)
    erasure = ask_erasure(Person.given(email=MARKER["email"]), reason="Request 17", by=operator, at=NOW)

    stop_erasure(erasure, by=operator, at=NOW)

    assert not ERASURES.work(erasure.pk, at=NOW)
    with pytest.raises(NotRunning):
        stop_erasure(erasure, by=operator, at=NOW)
    resume_erasure(erasure, by=operator)
    while ERASURES.work(erasure.pk, at=NOW):
        pass
    erasure.refresh_from_db()
    assert (erasure.finished_at, erasure.leads, erasure.bodies) == (NOW, 1, 1)
