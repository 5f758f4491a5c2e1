"""When a person settles a conflict in quarantine, the action is priced again: what is stored is charged."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User

from leads.domain.intake.receive import receive
from leads.domain.quarantine.conflicts import take_new
from leads.models import BillingPeriod, QuarantinedItem
from pricing.domain.rate.rate import rate_waiting
from pricing.models import Charge, PeriodTally
from tests.factories.leads import ActionTypeFactory, ProductFactory, SourceFactory
from tests.factories.pricing import PriceRuleFactory

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 10, 15, 12, tzinfo=UTC)


def test_the_new_version_of_an_action_is_charged_and_the_tally_says_so(operator: User):
    ProductFactory.create(sku="TILE", customer__code="ACME")
    ActionTypeFactory.create(code="sample_order")
    PriceRuleFactory.create(unit_price=Decimal("2.50"))
    source = SourceFactory.create()

    def send(quantity: int) -> None:
        did: dict[str, Any] = {"id": "A-1", "type": "sample_order", "occurred_at": "2026-10-05T10:00:00Z"}
        later = did | {"id": "A-2", "occurred_at": "2026-10-06T10:00:00Z"}
        lead = {"id": "L-1", "product": {"sku": "TILE"}, "actions": [did | {"quantity": quantity}, later]}
        receive(source, body=json.dumps(lead).encode(), content_type="application/json", received_at=NOW)

    send(1)
    period = BillingPeriod.objects.get()
    rate_waiting([period.pk], at=NOW)
    before = list(Charge.objects.order_by("pk").values_list("amount", flat=True))
    send(4)
    rate_waiting([period.pk], at=NOW)
    take_new(QuarantinedItem.objects.get(), note="Counted again", by=operator, at=NOW)
    rate_waiting([period.pk], at=NOW)

    assert before == [Decimal("2.50"), Decimal("2.50")]
    assert list(Charge.objects.order_by("pk").values_list("amount", flat=True)) == [10, Decimal("2.50")]
    assert PeriodTally.objects.get().amount == Decimal("12.50")
