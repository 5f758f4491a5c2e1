"""Exports to the books and their accounts, as if finance had asked for them."""

from datetime import UTC, datetime

import factory
from factory.django import DjangoModelFactory

from receivables.models import AccountMapping, BookExport
from tests.factories.leads import CompanyFactory, ProductFactory
from tests.factories.people import UserFactory


class BookExportFactory(DjangoModelFactory[BookExport]):
    """An export that has not started, of a company of its own."""

    class Meta:
        model = BookExport

    kind = BookExport.Kind.GENERAL_LEDGER
    seller = factory.SubFactory(CompanyFactory)
    month = "2026-10"
    asked_by = factory.SubFactory(UserFactory)
    asked_at = datetime(2026, 11, 3, 12, tzinfo=UTC)
    next_attempt_at = asked_at


class AccountMappingFactory(DjangoModelFactory[AccountMapping]):
    """The account of a product's revenue."""

    class Meta:
        model = AccountMapping

    seller = factory.SubFactory(CompanyFactory)
    account = "revenue"
    product = factory.SubFactory(ProductFactory)
    code = "4000"
