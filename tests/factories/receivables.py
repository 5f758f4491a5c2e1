"""Rows of receivables for lists."""

from datetime import date
from decimal import Decimal

import factory
from factory.django import DjangoModelFactory

from receivables.models import Dispute, DisputedCharge, DisputeStep, Reason
from tests.factories.leads import MID_OCTOBER
from tests.factories.people import UserFactory
from tests.factories.pricing import ChargeFactory


class ReasonFactory(DjangoModelFactory[Reason]):
    class Meta:
        model = Reason

    code = factory.Sequence(lambda n: f"reason-{n}")
    name = factory.Sequence(lambda n: f"Reason {n}")


class DisputeFactory(DjangoModelFactory[Dispute]):
    """An open dispute of one charge of an open period."""

    class Meta:
        model = Dispute
        skip_postgeneration_save = True

    charge = factory.SubFactory(ChargeFactory)
    period = factory.LazyAttribute(lambda dispute: dispute.charge.period)
    customer = factory.LazyAttribute(lambda dispute: dispute.period.customer)
    reason = factory.SubFactory(ReasonFactory)
    currency = "USD"
    amount = Decimal("2.50")
    opened_at = MID_OCTOBER
    opened_by = factory.SubFactory(UserFactory)
    decide_by = date(2026, 11, 24)

    @classmethod
    def _create(cls, model_class: type[Dispute], *args: object, **facts: object) -> Dispute:
        charge = facts.pop("charge")
        dispute: Dispute = super()._create(model_class, *args, **facts)
        DisputedCharge.objects.create(dispute=dispute, action=charge.action, amount=dispute.amount)
        DisputeStep.objects.create(
            dispute=dispute, kind="opened", at=MID_OCTOBER, by=UserFactory.create(), words="Why."
        )
        return dispute
