"""The customer form has no defaults that affect amounts, and its lists find what people type."""

import pytest

from leads.admin.customers import CustomerForm, NewCustomerForm
from leads.models import Customer
from tests.factories.leads import CustomerFactory

pytestmark = pytest.mark.django_db

FILLED_IN = {
    "name": "Acme",
    "code": "ACME",
    "is_active": "on",
    "currency": "USD",
    "cycle": "monthly",
    "payment_terms_days": "30",
    "dispute_days": "30",
    "locale": "en_US",
}


def test_a_new_customer_has_no_time_zone_until_one_is_chosen():
    form = NewCustomerForm()

    assert form["time_zone"].value() is None
    assert form.fields["time_zone"].choices[0] == ("", "Choose a time zone")
    assert NewCustomerForm(data=FILLED_IN).errors == {"time_zone": ["This field is required."]}
    assert NewCustomerForm(data=FILLED_IN | {"time_zone": "America/New_York"}).is_valid()


def test_a_customers_own_time_zone_stays_chosen():
    assert CustomerForm(instance=CustomerFactory.create(time_zone="Asia/Tokyo"))["time_zone"].value() == "Asia/Tokyo"
    assert Customer.objects.get().time_zone == "Asia/Tokyo"


@pytest.mark.parametrize("typed", ["America/New_York", "new york", "New_York", "Europe/Berlin", "UTC", "Buenos Aires"])
def test_a_time_zone_is_found_by_its_name_and_by_its_city(typed: str):
    labels = [label for _, label in CustomerForm().fields["time_zone"].choices]

    # Like the list itself: any part of the label, ignoring case.
    assert [label for label in labels if typed.lower() in label.lower()]
