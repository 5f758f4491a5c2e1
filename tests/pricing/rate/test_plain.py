"""Rating as it streams, against the same function over rows that are read one by one through the models."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from billing_engine.core.calendar.spans import midnight
from leads.domain.catalog.facts import first_facts
from leads.domain.periods import mark_unrated
from leads.models import Action, ActionType, BillingPeriod, Customer, Product, Source
from pricing.domain.rate.inputs import facts_in_force, maybe_micro, micro, period_facts
from pricing.domain.rate.rate import rate_waiting
from pricing.models import Charge, PriceRule, UnratedAction
from pricing.rating.instants import moment
from pricing.rating.period import rate_period
from pricing.rating.values import ActionFacts, Catalog, Decision, ProductFacts, SourceFacts
from tests.bench import world

NOW = datetime(2026, 11, 2, tzinfo=UTC)
CUSTOMERS, ACTIONS = 40, 2_000  # with every price model and every kind of terms
DAYS = [date(2026, 10, day) for day in (5, 9, 14, 20, 26)]
CAPS = ("per_lead", "per_period", "by_budget")


@pytest.mark.django_db
@pytest.mark.parametrize("is_dated", [False, True])
def test_every_charge_is_to_the_last_digit_what_the_plain_function_decides(is_dated: bool) -> None:
    here, periods = world.build()
    periods = periods[:CUSTOMERS]
    here.load(periods, ACTIONS)
    world.waive_some(ACTIONS)
    if is_dated:
        change_every_fact()
    mark_unrated(periods, reason="rules")

    rate_waiting([period.pk for period in periods], at=NOW)

    decisions = [(period, decision) for period in periods for decision in decided(period)]
    charged = [charge(period, decision) for period, decision in decisions if not decision.is_unrated]
    unrated = [decision.action for _, decision in decisions if decision.is_unrated]
    assert sorted(Charge.objects.values_list()) == sorted(charged)
    assert sorted(UnratedAction.objects.values_list("pk", flat=True)) == sorted(unrated)
    assert len(charged) + len(unrated) == ACTIONS
    assert len({row[3] for row in charged}) >= 5, "the world has most exclusions"


def change_every_fact() -> None:
    """Categories, channels and what is billable change on several days of the month."""
    for model, facts in (
        (Product, lambda turn, _: {"category": world.CATEGORIES[turn % 3]}),
        (Source, lambda turn, source: {"channel": source.revisions.first().channel if turn % 2 else "trade_show"}),
        (ActionType, lambda turn, kind: {"is_billable": bool(turn % 4) and kind.code != "site_visit"}),
    ):
        subjects: list[Any] = list(model._default_manager.prefetch_related("revisions"))
        revisions = []
        for number, subject in enumerate(subjects):
            for turn, day in enumerate(DAYS, number):
                revisions.append(first_facts(subject, at=NOW, by=None, facts=facts(turn, subject)))
                revisions[-1].first_day = day
        type(revisions[0])._default_manager.bulk_create(revisions)


def decided(period: BillingPeriod) -> Iterator[Decision]:
    customer = period.customer
    rules = PriceRule.objects.in_force().open_to(customer).prefetch_related("tiers")
    actions = Action.objects.filter(period=period).order_by("occurred_at", "pk").select_related("lead", "waiver")
    return rate_period(
        [facts_of(action) for action in actions],
        customer=period_facts(period),
        rules=[facts_in_force(rule, customer.zone) for rule in rules],
        catalog=catalog_of(customer),
        faults={},
    )


def facts_of(action: Action) -> ActionFacts:
    lead: Any = action.lead
    return ActionFacts(
        *(action.pk, lead.pk, lead.person_key, lead.product_id, lead.source_id, action.action_type_id),
        *(moment(action.occurred_at), micro(action.quantity), maybe_micro(action.value), lead.is_test),
        *(action.voided_at is not None and not action.voided_after_close, hasattr(action, "waiver")),
    )


def catalog_of(customer: Customer) -> Catalog:
    """Every fact from its first day on, also where nothing changes."""
    found: list[tuple[dict[Any, Any], dict[Any, Any]]] = []
    for subjects, fact in (
        (customer.products.all(), lambda each: ProductFacts(each.product_id, each.category)),
        (Source.objects.all(), lambda each: SourceFacts(each.source_id, each.channel)),
        (ActionType.objects.all(), lambda each: each.is_billable),
    ):
        dated = {
            subject.pk: [(each.first_day, fact(each)) for each in subject.revisions.in_force().by_day()]
            for subject in subjects
        }
        first = {pk: each[0][1] for pk, each in dated.items()}
        found.append((first, {pk: [(at(day, customer), it) for day, it in each[1:]] for pk, each in dated.items()}))
    (products, later), (sources, sources_later), (kinds, kinds_later) = found
    return Catalog(products, sources, kinds, later, sources_later, kinds_later)


def at(day: date, customer: Customer) -> Any:
    return moment(midnight(day, customer.zone))


def charge(period: BillingPeriod, decision: Decision) -> tuple[Any, ...]:
    """The row of `Charge` that the decision becomes."""
    cuts = dict(decision.cuts)
    return (
        *(decision.action, period.pk, decision.rule, decision.reason),
        *map(exactly, (decision.amount, decision.full_amount)),
        *(exactly(cuts[cap]) if cap in cuts else None for cap in CAPS),
        *(exactly(decision.counted_before), exactly(decision.value_before) if decision.value_before else None),
        decision.paid_by,
    )


def exactly(micro_units: int) -> Decimal:
    return Decimal(micro_units) / 1_000_000
