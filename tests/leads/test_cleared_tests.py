"""Clearing the test leads of a source voids their actions and deletes nothing; what is billed stays."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User

from billing_engine.core.models import Deed
from leads.domain.body.decode import as_json
from leads.domain.intake.receipt import Receipt
from leads.domain.intake.receive import receive
from leads.domain.quarantine import cleared_tests
from leads.domain.quarantine.cleared_tests import Clearing, NothingToClear, clear_tests, has_tests, to_clear
from leads.domain.voiding import voided_by
from leads.models import Action, BillingPeriod, Lead, QuarantinedItem, Source, UnratedMark
from pricing.domain.rate.rate import rate
from pricing.models import Charge
from tests.factories.leads import ActionTypeFactory, ProductFactory, SourceFactory
from tests.factories.people import UserFactory
from tests.factories.pricing import PriceRuleFactory

pytestmark = pytest.mark.django_db

AT = datetime(2026, 10, 20, 9, tzinfo=UTC)


@pytest.fixture
def by() -> User:
    return UserFactory.create(username="olga")


@pytest.fixture
def source() -> Source:
    ActionTypeFactory.create()
    ProductFactory.create(sku="TILE-9")
    return SourceFactory.create()


def send(source: Source, *leads: dict[str, Any], is_test: bool = True) -> Receipt:
    body = as_json(list(leads)).encode()
    return receive(source, body=body, content_type="application/json", received_at=AT, is_test=is_test)


def lead(number: int, *times: str, sku: str = "TILE-9") -> dict[str, Any]:
    actions = [
        {"id": f"A-{place}", "type": "sample_order", "occurred_at": f"2026-{time}T12:00:00Z"}
        for place, time in enumerate(times)
    ]
    return {"id": f"L-{number}", "product": {"sku": sku}, "actions": actions}


def stored() -> list[tuple[str, str, str]]:
    rows = Action.objects.order_by("pk").values_list("lead__external_id", "external_id", "void_reason")
    return list(rows)


def test_only_test_leads_of_open_periods_are_cleared_and_the_count_is_known_before(source: Source, by: User) -> None:
    PriceRuleFactory.create()
    send(source, lead(1, "10-01", "10-02"), lead(2, "09-01", "10-03"), lead(3), lead(4, "10-05", sku="NONE"))
    send(source, lead(5, "10-04"), lead(6, "10-05", sku="NONE"), is_test=False)
    other = SourceFactory.create()
    send(other, lead(1, "10-01"))
    BillingPeriod.objects.filter(label="2026-09").update(state="closed", closed_at=AT)
    UnratedMark.objects.all().delete()

    counted = to_clear(source)
    done = clear_tests(source, by=by, at=AT)

    assert (counted, done) == (Clearing(2, 3, 1, billed=1), Clearing(2, 3, 1))
    words = "Test leads cleared"
    assert stored() == [
        ("L-1", "A-0", words),
        ("L-1", "A-1", words),
        ("L-2", "A-0", ""),
        ("L-2", "A-1", words),
        ("L-5", "A-0", ""),
        ("L-1", "A-0", ""),
    ]
    assert Lead.objects.count() == 5
    items = QuarantinedItem.objects.order_by("pk").values_list("lead_external_id", "state", "settled_note")
    assert list(items) == [("L-4", "discarded", words), ("L-6", "waiting", "")]
    october = BillingPeriod.objects.get(label="2026-10")
    assert list(UnratedMark.objects.values_list("period", "reason")) == [(october.pk, "voided")]
    rate(october, at=AT)
    charged = Charge.objects.order_by("pk").values_list("action__lead__external_id", "reason")
    assert sorted(set(charged)) == [("L-1", "test_lead"), ("L-1", "voided"), ("L-2", "voided"), ("L-5", "")]


def test_clearing_is_one_deed_that_names_each_action(source: Source, by: User) -> None:
    send(source, lead(1, "10-01", "10-02"))

    clear_tests(source, by=by, at=AT)

    deed = Deed.objects.get(verb="tests_cleared")
    assert (deed.person, deed.reason, deed.after) == (
        by,
        "Test leads cleared",
        {"leads": 1, "actions": 2, "quarantined_items": 0},
    )
    assert [voided_by(action) for action in Action.objects.all()] == ["olga", "olga"]
    assert not Deed.objects.filter(verb="action_voided").exists()


def test_where_there_is_nothing_to_clear_nothing_changes(source: Source, by: User) -> None:
    send(source, lead(1, "10-01"))
    send(source, lead(2, "10-02"), is_test=False)
    BillingPeriod.objects.update(is_sealed=True)  # it is being approved
    before, deeds = stored(), Deed.objects.count()

    with pytest.raises(NothingToClear):
        clear_tests(source, by=by, at=AT)

    assert (has_tests(source), to_clear(source), stored(), Deed.objects.count()) == (
        False,
        Clearing(0, 0, 0, billed=1),
        before,
        deeds,
    )


def test_many_are_cleared_in_parts(source: Source, by: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cleared_tests, "MOST_ACTIONS", 2)
    send(source, lead(1, "10-01", "10-02"), lead(2, "10-03"))

    done = [clear_tests(source, by=by, at=AT) for _ in range(2)]

    assert (done, has_tests(source)) == ([Clearing(1, 2, 0), Clearing(1, 1, 0)], False)
