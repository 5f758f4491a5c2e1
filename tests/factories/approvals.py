"""Factories for approvals."""

from datetime import UTC, datetime
from decimal import Decimal

import factory
from factory.django import DjangoModelFactory

from billing_engine.core.models import ApprovalRequest
from billing_engine.core.models.deed import reference
from leads.models import ApprovalThreshold
from tests.factories.leads import CompanyFactory
from tests.factories.people import UserFactory
from tests.factories.pricing import PriceRuleFactory

ASKED_AT = datetime(2026, 11, 3, 9, tzinfo=UTC)


class ApprovalRequestFactory(DjangoModelFactory[ApprovalRequest]):
    """A pending request to activate a draft."""

    class Meta:
        model = ApprovalRequest

    kind = "rule_activation"
    subject = factory.LazyFunction(lambda: reference(PriceRuleFactory.create(draft=True)))
    subject_name = "Samples"
    reason = "Agreed with the customer"
    differences = [["Price", "$2.50 each", "$3.00 each"]]
    asked_by = factory.SubFactory(UserFactory)
    asked_at = ASKED_AT
    authors = factory.LazyAttribute(lambda request: [request.asked_by.pk])


class ApprovalThresholdFactory(DjangoModelFactory[ApprovalThreshold]):
    """Adjustments above $100 need a second person."""

    class Meta:
        model = ApprovalThreshold

    company = factory.SubFactory(CompanyFactory)
    kind = "adjusted_invoice"
    currency = "USD"
    above = Decimal(100)
    reason = "Small ones are usual"
    written_by = factory.SubFactory(UserFactory)
    written_at = ASKED_AT
    approved_at = ASKED_AT
