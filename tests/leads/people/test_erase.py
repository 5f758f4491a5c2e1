"""A person who asks is erased everywhere, and what was billed stays to the last digit."""

import json
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from leads.domain.archive.bodies import body_of
from leads.domain.intake.receive import receive
from leads.domain.people.erase import ERASURES, ask_erasure
from leads.domain.people.person import Person
from leads.domain.pseudonyms import pseudonym
from leads.models import Delivery, Erasure, Lead, QuarantinedItem, Source
from tests.leads.people.conftest import MARKER, NOW, OTHER, lead, sent

pytestmark = pytest.mark.django_db
MARA = pseudonym


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


def test_the_database_lets_nothing_through_without_an_erasure(source: Source) -> None:
    receive(source, body=sent(lead()), content_type="application/json", received_at=NOW)

    with pytest.raises(IntegrityError, match="can't change after it was received"), transaction.atomic():
        Delivery.objects.update(body=b"")
