"""Factories for the app `pricing`."""

from datetime import UTC, datetime
from decimal import Decimal

import factory
from django.db import transaction
from django.db.models import QuerySet
from factory.django import DjangoModelFactory

from billing_engine.core.calendar.wall_clock import read
from billing_engine.core.deeds.record import deed_of, record_all
from billing_engine.core.tables.read import read_sheet
from pricing.domain.rule_book.history import RULE_RETIRED
from pricing.domain.rule_book.sheet.plan import plan
from pricing.domain.rule_book.sheet.report import Report, report_of
from pricing.models import (
    Charge,
    PeriodTally,
    PriceCheck,
    PriceRule,
    PriceTier,
    RuleImport,
    SimulatedMove,
    SimulatedSum,
    Simulation,
    UnratedAction,
)
from tests.factories.leads import ActionFactory, ActionTypeFactory, BillingPeriodFactory, ProductFactory
from tests.factories.people import UserFactory

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
LONG_AGO_ON_A_CLOCK = read("2020-01-01")


class PriceRuleFactory(DjangoModelFactory[PriceRule]):
    """A rule in force: per unit, $2.50, for everything; `draft=True` for a draft."""

    class Meta:
        model = PriceRule

    class Params:
        draft = factory.Trait(state=PriceRule.State.DRAFT, activated_at=None)

    name = factory.Sequence(lambda n: f"Rule {n}")
    state = PriceRule.State.ACTIVE
    activated_at = LONG_AGO
    wall_from = LONG_AGO_ON_A_CLOCK
    unit_price = Decimal("2.50")


def retired(rules: QuerySet[PriceRule], *, until: datetime) -> None:
    """End rules at a wall-clock time, with the record that the database asks for."""
    active = list(rules.filter(state=PriceRule.State.ACTIVE))
    with transaction.atomic():
        record_all(deed_of(RULE_RETIRED, on=rule, by=None) for rule in active)
        PriceRule.objects.filter(pk__in=[rule.pk for rule in active]).update(
            wall_to=until, state=PriceRule.State.RETIRED
        )


class PriceTierFactory(DjangoModelFactory[PriceTier]):
    """A tier of a draft."""

    class Meta:
        model = PriceTier

    rule = factory.SubFactory(PriceRuleFactory, draft=True, price_model="graduated", unit_price=None)
    up_to = factory.Sequence(lambda n: Decimal(n + 1))
    unit_price = Decimal(1)


class ChargeFactory(DjangoModelFactory[Charge]):
    """An action of an open period, charged $2.50 by a rule of its customer."""

    class Meta:
        model = Charge

    action = factory.SubFactory(ActionFactory)
    period = factory.SelfAttribute("action.period")
    rule = factory.SubFactory(PriceRuleFactory, customer=factory.SelfAttribute("..action.period.customer"))
    amount = Decimal("2.50")
    full_amount = factory.SelfAttribute("amount")
    quantity_before = Decimal(0)


class UnratedActionFactory(DjangoModelFactory[UnratedAction]):
    class Meta:
        model = UnratedAction

    action = factory.SubFactory(ActionFactory)
    period = factory.SelfAttribute("action.period")


class PeriodTallyFactory(DjangoModelFactory[PeriodTally]):
    class Meta:
        model = PeriodTally

    period = factory.SubFactory(BillingPeriodFactory)
    actions = 3
    charged = 1
    excluded = 1
    unrated = 1
    amount = Decimal("2.50")
    rated_at = LONG_AGO


class PriceCheckFactory(DjangoModelFactory[PriceCheck]):
    """A sample order costs $2.50, for every product and source."""

    class Meta:
        model = PriceCheck

    name = factory.Sequence(lambda n: f"Check {n}")
    product = factory.SubFactory(ProductFactory)
    customer = factory.SelfAttribute("product.customer")
    action_type = factory.SubFactory(ActionTypeFactory)
    expected = Decimal("2.50")


class RuleImportFactory(DjangoModelFactory[RuleImport]):
    """A file whose only row would create a draft."""

    class Meta:
        model = RuleImport

    name = "rules.csv"
    body = b"name,effective from,currency,price model,unit price\nSamples,2026-12-01,USD,per_unit,2.50\n"
    sha256 = "0" * 64
    uploaded_at = LONG_AGO
    uploaded_by = factory.SubFactory(UserFactory)
    state = RuleImport.State.CHECKED
    rows = rows_checked = 1

    @factory.lazy_attribute
    def report(self) -> Report:
        return report_of(plan(read_sheet(self.body, most=10), after_each=bool), at=LONG_AGO)


class SimulationFactory(DjangoModelFactory[Simulation]):
    """A finished simulation of October."""

    class Meta:
        model = Simulation

    months = ["2026-10"]
    created_at = LONG_AGO
    created_by = factory.SubFactory(UserFactory)
    finished_at = LONG_AGO


class SimulatedSumFactory(DjangoModelFactory[SimulatedSum]):
    class Meta:
        model = SimulatedSum

    simulation = factory.SubFactory(SimulationFactory)
    period = factory.SubFactory(BillingPeriodFactory)
    rule = factory.SubFactory(PriceRuleFactory, customer=factory.SelfAttribute("..period.customer"))
    rule_name = factory.SelfAttribute("rule.name")
    action_type = factory.SubFactory(ActionTypeFactory)
    now_charges = 1
    now_amount = Decimal("2.50")
    then_charges = 1
    then_amount = Decimal(3)


class SimulatedMoveFactory(DjangoModelFactory[SimulatedMove]):
    class Meta:
        model = SimulatedMove

    simulation = factory.SubFactory(SimulationFactory)
    kind = SimulatedMove.Kind.AMOUNT
    action = factory.SubFactory(ActionFactory)
    period = factory.SelfAttribute("action.period")
    now_amount = Decimal("2.50")
    then_amount = Decimal(3)
    now_words = "$2.50 by “Samples”"
    then_words = "$3.00 by “Samples, dearer”"


def graduated(*tiers: tuple[int | None, str, str], **facts: object) -> PriceRule:
    """A graduated rule in force; a tier is (up to, unit price, flat fee)."""
    return tiered("graduated", *tiers, **facts)


def tiered(model: str, *tiers: tuple[int | None, str, str], **facts: object) -> PriceRule:
    """A rule in force with tiers; a tier is (up to, unit price or percent, flat fee)."""
    rate = "percent" if model == "graduated_percentage" else "unit_price"
    rule = PriceRuleFactory.create(draft=True, price_model=model, unit_price=None, **facts)
    for up_to, price, flat_fee in tiers:
        rule.tiers.create(up_to=up_to, flat_fee=Decimal(flat_fee), **{rate: Decimal(price)})
    rule.state, rule.activated_at = PriceRule.State.ACTIVE, LONG_AGO
    rule.save()
    return rule
