"""Facts of the catalog are revisions: what is priced changes only with a reason and a second person, seen beforehand."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction

from billing_engine.core.approvals.requests import AuthorApproves, approve, send_back, withdraw
from billing_engine.core.models import ApprovalRequest, Deed
from leads.domain.catalog.facts import FactsHaveFaults, NothingChanges, write_facts
from leads.domain.catalog.second_person import AnotherChangeWaits
from leads.models import ActionType, BillingPeriod, CatalogRevision, Product, ProductRevision, Source, UnratedMark
from pricing.domain.rate.rate import rate
from pricing.domain.simulation.effect import NotSimulatedYet
from pricing.domain.simulation.figures import BY_CUSTOMER, by
from pricing.domain.simulation.simulate import SIMULATIONS
from pricing.models import Charge, PeriodTally, Simulation
from tests.factories.leads import ActionFactory, from_day
from tests.factories.people import with_role
from tests.factories.pricing import PriceRuleFactory

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 10, 20, 12, tzinfo=UTC)
OCTOBER_1, OCTOBER_16, NOVEMBER_1 = date(2026, 10, 1), date(2026, 10, 16), date(2026, 11, 1)


@pytest.fixture
def operator(db: None) -> User:
    return with_role("Operations")


@pytest.fixture
def second(db: None) -> User:
    return with_role("Operations")


@pytest.fixture
def period(db: None) -> BillingPeriod:
    """October, with two sample orders at $2.50: one on October 15 at noon, one on October 16."""
    PriceRuleFactory.create(unit_price=Decimal("2.50"))
    first = ActionFactory.create(lead__product__category="tiles", lead__source__channel="website")
    ActionFactory.create(lead=first.lead, period=first.period, occurred_at=datetime(2026, 10, 16, 9, tzinfo=UTC))
    rate(first.period, at=NOW)
    return BillingPeriod.objects.get()


def everything() -> list[Any]:
    revisions = [list(type(each).revisions.rel.related_model.objects.order_by("pk").values()) for each in subjects()]
    return [*revisions, list(UnratedMark.objects.values()), list(Charge.objects.order_by("pk").values())]


def subjects() -> list[Product | Source | ActionType]:
    return [Product.objects.get(), Source.objects.get(), ActionType.objects.get()]


def total(period: BillingPeriod) -> Decimal:
    rate(period, at=NOW)
    return PeriodTally.objects.get(period=period).amount


def change(subject: Any, day: date, by: User, reason: str = "", **facts: Any) -> CatalogRevision:
    return write_facts(subject, changes=facts, first_day=day, reason=reason, by=by, at=NOW)


def simulated() -> Simulation:
    """Let the workers finish the simulation of the facts that wait."""
    simulation = Simulation.objects.get()
    for item in simulation.customers.all():
        SIMULATIONS.work([item.pk], attempt=0, at=NOW)
    return simulation


CHANGES: list[tuple[type[Any], dict[str, Any]]] = [
    (ActionType, {"is_billable": False}),
    (Product, {"category": "wood"}),
    (Source, {"channel": "event"}),
]


@pytest.mark.parametrize(("model", "facts"), CHANGES, ids=str)
def test_what_is_priced_already_never_changes_without_a_reason_and_a_second_person(
    period: BillingPeriod, operator: User, second: User, model: type[Any], facts: dict[str, Any]
) -> None:
    PriceRuleFactory.create(unit_price=Decimal(1), category="wood")
    PriceRuleFactory.create(unit_price=Decimal(1), channel="event")
    subject, before = model.objects.get(), everything()

    with pytest.raises(FactsHaveFaults, match="Give a reason"):
        change(subject, OCTOBER_1, operator, **facts)
    assert everything() == before
    revision = change(subject, OCTOBER_1, operator, "It was always so", **facts)
    request = ApprovalRequest.objects.get()

    assert (revision.in_force_at, UnratedMark.objects.count(), total(period)) == (None, 0, Decimal(5))
    with pytest.raises(AnotherChangeWaits):
        change(subject, NOVEMBER_1, operator, **facts)
    simulated()
    with pytest.raises(AuthorApproves):
        approve(request, by=operator, at=NOW)
    assert total(period) == Decimal(5)

    approve(request, by=second, at=NOW)

    then = Decimal(0) if model is ActionType else Decimal(2)
    assert [mark.period for mark in UnratedMark.objects.all()] == [period]
    assert total(period) == then
    [deed] = Deed.objects.filter(verb="facts_approved")
    [(name, value)] = facts.items()
    assert (deed.person, deed.reason, deed.after[name], deed.after["first_day"]) == (
        second,
        "It was always so",
        value,
        "2026-10-01",
    )


def test_the_effect_is_known_per_customer_before_it_is_approved(
    period: BillingPeriod, operator: User, second: User
) -> None:
    change(ActionType.objects.get(), OCTOBER_16, operator, "Free from now on", is_billable=False)
    request = ApprovalRequest.objects.get()
    with pytest.raises(NotSimulatedYet):
        approve(request, by=second, at=NOW)

    simulation = simulated()

    assert [(each.name, each.now, each.then) for each in by(simulation, BY_CUSTOMER)] == [
        (period.customer.name, Decimal(5), Decimal("2.5"))
    ]
    assert (total(period), ActionType.objects.get().revisions.in_force().count()) == (Decimal(5), 1)


def test_facts_of_a_day_to_come_are_in_force_at_once_and_change_nothing_before(
    period: BillingPeriod, operator: User
) -> None:
    revision = change(ActionType.objects.get(), NOVEMBER_1, operator, is_billable=False)

    assert (revision.in_force_at, ApprovalRequest.objects.count(), total(period)) == (NOW, 0, Decimal(5))
    [deed] = Deed.objects.filter(verb="facts_changed")
    assert (deed.person, deed.before, deed.after) == (
        operator,
        {"is_billable": True},
        {"is_billable": False, "first_day": "2026-11-01"},
    )


def test_an_action_is_judged_by_the_facts_of_its_own_day_in_the_customers_time_zone(period: BillingPeriod) -> None:
    type(period.customer).objects.update(time_zone="America/Los_Angeles")
    PriceRuleFactory.create(unit_price=Decimal(1), category="wood")
    PriceRuleFactory.create(unit_price=Decimal(7), channel="event")
    lead = ActionFactory._meta.model.objects.first().lead

    # 09:00 in London is 02:00 in Los Angeles: the second action occurred on October 16 there too.
    from_day(lead.product, OCTOBER_16, category="wood")
    assert total(period) == Decimal("3.50")

    from_day(lead.source, date(2026, 10, 17), channel="event")
    assert total(period) == Decimal("3.50")

    from_day(lead.source, OCTOBER_16, channel="event")
    from_day(ActionType.objects.get(), date(2026, 10, 17), is_billable=False)
    assert total(period) == Decimal("3.50")  # a category outranks a channel


def test_what_changes_no_price_needs_nobody_else(period: BillingPeriod, operator: User) -> None:
    revision = change(ActionType.objects.get(), OCTOBER_1, operator, unit="box", largest_quantity=Decimal(9))

    assert (revision.in_force_at, ApprovalRequest.objects.count()) == (NOW, 0)
    assert ActionType.objects.get().facts_on(OCTOBER_16).unit == "box"


def test_facts_that_are_in_force_already_or_contradict_their_bounds_are_refused(
    period: BillingPeriod, operator: User
) -> None:
    before = everything()

    with pytest.raises(NothingChanges):
        change(Product.objects.get(), NOVEMBER_1, operator, category="tiles")
    with pytest.raises(FactsHaveFaults, match="can't be negative"):
        change(ActionType.objects.get(), NOVEMBER_1, operator, largest_value=Decimal(-1))
    with pytest.raises(FactsHaveFaults):
        change(Source.objects.get(), NOVEMBER_1, operator, channel="pigeon")

    assert everything() == before


def test_a_later_revision_goes_on_with_what_it_only_repeated(period: BillingPeriod, operator: User) -> None:
    kind = ActionType.objects.get()
    change(kind, date(2026, 12, 1), operator, unit="box")
    change(kind, NOVEMBER_1, operator, is_billable=False)

    found = [(facts.unit, facts.is_billable) for facts in map(kind.facts_on, (OCTOBER_1, NOVEMBER_1, date.max))]
    assert found == [("sample", True), ("sample", False), ("box", False)]


def test_facts_that_were_sent_back_or_withdrawn_never_take_effect_and_the_next_ones_may_be_asked_for(
    period: BillingPeriod, operator: User, second: User
) -> None:
    product = Product.objects.get()
    change(product, OCTOBER_1, operator, "Wood", category="wood")
    send_back(ApprovalRequest.objects.get(), by=second, at=NOW, words="They are tiles")
    change(product, OCTOBER_1, operator, "Stone", category="stone")
    withdraw(ApprovalRequest.objects.waiting().get(), by=operator, at=NOW)
    change(product, OCTOBER_1, operator, "Brick", category="brick")

    assert list(ProductRevision.objects.order_by("pk").values_list("category", "in_force_at", "withdrawn_at")) == [
        ("tiles", ProductRevision.objects.earliest("pk").in_force_at, None),
        ("wood", None, NOW),
        ("stone", None, NOW),
        ("brick", None, None),
    ]
    assert Product.objects.get().facts_on(OCTOBER_16).category == "tiles"


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE leads_productrevision SET category = 'wood'",
        "UPDATE leads_productrevision SET first_day = '2026-10-01'",
        "UPDATE leads_productrevision SET in_force_at = NULL",
        "UPDATE leads_sourcerevision SET channel = 'event'",
        "UPDATE leads_actiontyperevision SET is_billable = false",
        "DELETE FROM leads_actiontyperevision",
    ],
)
def test_the_database_refuses_to_change_facts_in_force(period: BillingPeriod, sql: str) -> None:
    with (
        pytest.raises(IntegrityError, match="Facts never change once they are written"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)
