"""Items and actions waiting for a person for more than seven days alert by source and by customer."""

from datetime import UTC, datetime, timedelta

import pytest

from pricing.domain.rate.rate import rate
from reports.domain.alerts.finding import Finding
from reports.domain.alerts.waiting import long_quarantined, long_unrated
from tests.factories.leads import DeliveryFactory, QuarantinedItemFactory, SourceFactory
from tests.invoices.made import NOVEMBER_3, a_price, an_open_period, received

pytestmark = pytest.mark.django_db

RECEIVED = datetime(2026, 10, 15, 12, tzinfo=UTC)
SEVEN, MOMENT = timedelta(days=7), timedelta(seconds=1)


def test_items_in_quarantine_are_told_by_source_with_the_oldest() -> None:
    source = SourceFactory.create(name="Website")
    delivery = DeliveryFactory.create(source=source, received_at=RECEIVED)
    QuarantinedItemFactory.create_batch(2, delivery=delivery, received_at=RECEIVED)
    QuarantinedItemFactory.create(delivery=delivery, received_at=RECEIVED + timedelta(days=3))
    QuarantinedItemFactory.create(state="discarded", settled_at=NOVEMBER_3, settled_note="spam", received_at=RECEIVED)

    assert list(long_quarantined(at=RECEIVED + SEVEN)) == []
    assert list(long_quarantined(at=RECEIVED + SEVEN + MOMENT)) == [
        Finding(
            cause=str(source.pk),
            title="Website: 2 items in quarantine for more than 7 days",
            words="The oldest was received October 15, 2026, 12:00 UTC. Fix and retry, or discard with a reason.",
            source=source.pk,
        )
    ]


def test_unrated_actions_are_told_by_customer_until_a_rule_prices_them() -> None:
    period = an_open_period(name="Acme")
    received(period, 1, 2)
    rate(period, at=NOVEMBER_3)

    assert list(long_unrated(at=RECEIVED + SEVEN)) == []
    assert list(long_unrated(at=RECEIVED + SEVEN + MOMENT)) == [
        Finding(
            cause=str(period.customer.pk),
            title="Acme: 2 unrated actions, some for more than 7 days",
            words=(
                "The oldest was received October 15, 2026, 12:00 UTC. They are not charged and block the close of their"
                " billing period until a rule prices them or a person waives them."
            ),
            customer=period.customer.pk,
        )
    ]

    a_price()
    rate(period, at=NOVEMBER_3)

    assert list(long_unrated(at=NOVEMBER_3)) == []
