"""The first billed day of a customer: earlier actions are late, and the day can't change later."""

from datetime import UTC, date, datetime

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from time_machine import travel

from billing_engine.core.calendar.spans import Month
from leads.models import Action, BillingPeriod, Customer, Product, Source
from tests.factories.invoices import BillingCycleFactory
from tests.factories.leads import ActionTypeFactory, BillingPeriodFactory, ProductFactory
from tests.leads.admin.test_pages import CUSTOMER
from tests.leads.intake.test_receive import RECEIVED_AT, action, lead, send

pytestmark = pytest.mark.django_db


@pytest.fixture
def product() -> Product:
    ActionTypeFactory.create(code="sample_order")
    return ProductFactory.create(sku="TILE-9")


def test_an_unopened_month_counts_as_open_even_between_closed_ones(source: Source, product: Product):
    _ = [BillingPeriodFactory.create(customer=product.customer, month=Month(2026, month)) for month in (7, 9, 10)]
    BillingPeriod.objects.filter(label__in=["2026-07", "2026-09"]).update(state="closed", closed_at=RECEIVED_AT)

    send(source, lead(action(occurred_at="2026-08-01T12:00:00Z")))

    assert Action.objects.get().period.label == "2026-08"


def test_what_occurred_before_a_customer_is_billed_is_late_and_opens_no_period_before_that_day(source: Source):
    ActionTypeFactory.create(code="sample_order")
    customer = ProductFactory.create(sku="TILE-9", customer__billed_from=date(2026, 10, 15)).customer

    send(source, lead(action(occurred_at="2024-02-29T12:00:00Z"), action(id="A-2", occurred_at="2026-10-14T23:59:59Z")))
    send(source, lead(action(id="A-3", occurred_at="2026-10-15T00:00:00Z")))

    period = BillingPeriod.objects.get()
    assert (period.customer, period.label, period.start_at) == (customer, "2026-10", datetime(2026, 10, 15, tzinfo=UTC))
    assert set(Action.objects.values_list("period", flat=True)) == {period.pk}
    with pytest.raises(IntegrityError, match="before the first billed day of its customer"), transaction.atomic():
        september = Month(2026, 9).span(customer.zone)
        BillingPeriod.objects.create(customer=customer, label="2026-09", start_at=september.start, end_at=september.end)
    with pytest.raises(IntegrityError, match="can't change once there is a billing period"), transaction.atomic():
        Customer.objects.update(billed_from=date(2024, 2, 1))


@pytest.mark.parametrize(
    ("given", "faults", "day"),
    [
        ({}, {}, "2026-11-01"),  # the first of this month, which has already started in Berlin
        ({"billed_from": "2026-11-20"}, {}, "2026-11-20"),
        ({"monthly_minimum": "500"}, {"billed_from": ["Enter the first day for which the minimum is due."]}, ""),
        ({"monthly_minimum": "500", "billed_from": "2026-12-01"}, {}, "2026-12-01"),
        (
            {"billed_from": "2026-09-15"},
            {"billed_from": ["September 2026 is locked. Bill from October 1, 2026 or later."]},
            "",
        ),
        ({"billed_from": "2026-10-01"}, {}, "2026-10-01"),
    ],
)
def test_a_customer_is_billed_from_a_stated_day_which_is_needed_with_a_minimum(
    operations: Client, given: dict[str, str], faults: dict[str, list[str]], day: str
) -> None:
    BillingCycleFactory.create(label="2026-09", state="locked")

    with travel(datetime(2026, 10, 31, 23, 30, tzinfo=UTC), tick=False):
        response = operations.post(reverse("admin:leads_customer_add"), CUSTOMER | given)

    context = response.context or {}
    assert (context["adminform"].form.errors if faults else {}) == faults
    assert [str(one) for one in Customer.objects.values_list("billed_from", flat=True)] == [day] * bool(day)


def test_the_day_from_which_a_customer_is_billed_is_fixed_once_there_is_a_period(operations: Client) -> None:
    customer = BillingPeriodFactory.create().customer
    before = customer.billed_from

    operations.post(
        reverse("admin:leads_customer_change", args=[customer.pk]), CUSTOMER | {"billed_from": "2026-12-01"}
    )

    customer.refresh_from_db()
    assert (customer.name, customer.billed_from) == ("Acme", before)
