"""A customer has one code, and sources may write it in any case."""

from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, transaction

from leads.domain.body.decode import as_json
from leads.domain.intake.receive import receive
from leads.models import Lead
from tests.factories.leads import CustomerFactory, ProductFactory, SourceFactory

pytestmark = pytest.mark.django_db

RECEIVED_AT = datetime(2026, 10, 20, 9, tzinfo=UTC)
SPELLINGS = ("AcmeTile", "ACMETILE", "acmetile", "acmeTile")


def test_a_customers_code_means_the_same_however_it_is_written():
    product = ProductFactory.create(sku="TILE-9", customer__code="AcmeTile")
    ProductFactory.create(sku="TILE-9")
    leads = [{"id": code, "product": {"sku": "TILE-9", "customer": code}} for code in SPELLINGS]

    receipt = receive(
        SourceFactory.create(), body=as_json(leads).encode(), content_type="application/json", received_at=RECEIVED_AT
    )

    assert [lead.outcome for lead in receipt.results] == ["created"] * len(SPELLINGS)
    assert dict(Lead.objects.values_list("external_id", "product")) == dict.fromkeys(SPELLINGS, product.pk)


def test_two_customers_never_share_a_code_ignoring_case():
    CustomerFactory.create(code="AcmeTile")

    with pytest.raises(IntegrityError, match="a_customer_has_one_code_however_written"), transaction.atomic():
        CustomerFactory.create(code="ACMETILE")
