"""Where a user sees what can't be priced or rated, and lets the workers retry."""

import signal
from datetime import UTC, datetime

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from billing_engine.operations.monitoring.metrics import registry
from leads.domain.periods import mark_unrated
from leads.models import BillingPeriod
from pricing.domain.rate.sweep import RATINGS
from pricing.models import Charge, PeriodTally, RatingAttempts, UnratedAction
from reports.queries.attention import waiting
from tests.factories.leads import ActionFactory, BillingPeriodFactory
from tests.factories.people import with_role
from tests.factories.pricing import PeriodTallyFactory, PriceRuleFactory, UnratedActionFactory
from tests.processes import fork, until

NOW = datetime(2026, 10, 20, 12, tzinfo=UTC)
QUEUE = "admin:pricing_unratedaction_changelist"
WORDS = "The price rule Calls (revision 7) can't be used. The unit price is missing."


@pytest.fixture
def operations(client: Client, db: None) -> Client:
    client.force_login(with_role("Operations"))
    return client


@pytest.fixture
def stuck(db: None) -> BillingPeriod:
    """A period that was tried three times."""
    period = BillingPeriodFactory.create(customer__name="Stuck Stoneworks")
    mark_unrated([period], reason="intake")
    RatingAttempts.objects.create(period=period, attempts=3, attempted_at=NOW, message="KeyError: 'counted'")
    return period


def backlog() -> dict[str, float]:
    [family] = [one for one in registry().collect() if one.name == "lead_billing_backlog"]
    return {sample.labels["queue"]: sample.value for sample in family.samples}


def shown(client: Client, address: str) -> str:
    return client.get(address).content.decode()


def test_the_queue_says_what_can_not_be_priced_and_why_and_offers_no_rule_for_it(operations: Client):
    UnratedActionFactory.create(code="unpriceable", message=WORDS)
    other = UnratedActionFactory.create()

    page = operations.get(reverse(QUEUE))

    assert page.context["unpriceable"] == [
        {"message": WORDS, "count": 1, "these": f"{reverse(QUEUE)}?code__exact=unpriceable"}
    ]
    assert [(group["count"], group["product_name"]) for group in page.context["groups"]] == [
        (1, other.action.lead.product.name)
    ]
    assert page.context["is_cut"] is False
    assert list(operations.get(page.context["unpriceable"][0]["these"]).context["cl"].queryset) == [
        UnratedAction.objects.get(code="unpriceable")
    ]


def test_the_front_page_and_the_metrics_count_what_can_not_be_priced_and_not_be_rated(
    operations: Client, stuck: BillingPeriod
):
    row = UnratedActionFactory.create(code="unpriceable", message=WORDS)
    PeriodTallyFactory.create(period=row.period, actions=1, charged=0, excluded=0, unrated=1, amount=0)

    tasks = {task.what: (task.count, task.tone) for task in operations.get(reverse("admin:index")).context["tasks"]}
    found = waiting()

    assert tasks["unrated"][0] == tasks["can't be priced"][0] == tasks["can't be rated"][0] == "1"
    assert (found.unrated, found.unpriceable, found.given_up, found.to_rate) == (1, 1, 1, 0)
    counted = backlog()
    assert {name: counted[name] for name in ("unrated", "unpriceable", "given_up", "marks")} == {
        "unrated": 1,
        "unpriceable": 1,
        "given_up": 1,
        "marks": 0,
    }


def test_a_period_that_was_given_up_is_retried_from_the_queue_and_from_its_page(
    operations: Client, stuck: BillingPeriod
):
    button = reverse("admin:leads_billingperiod_retry", args=[stuck.pk])
    page = reverse("admin:leads_billingperiod_change", args=[stuck.pk])
    of_the_front_page = f"{reverse('admin:leads_billingperiod_changelist')}?rating=given_up"
    for address in (reverse(QUEUE), page):
        text = shown(operations, address)
        assert (button in text, "KeyError: &#x27;counted&#x27;" in text) == (True, True)
    assert list(operations.get(of_the_front_page).context["cl"].queryset) == [stuck]

    operations.post(button)

    assert (RatingAttempts.objects.count(), RATINGS.sweep(at=NOW)) == (0, 1)
    assert button not in shown(operations, page)
    again = operations.post(button)
    assert "The workers have not given up on this billing period." in again.content.decode()


def test_who_only_looks_is_offered_no_retry(client: Client, stuck: BillingPeriod):
    client.force_login(with_role("Viewer"))
    button = reverse("admin:leads_billingperiod_retry", args=[stuck.pk])

    assert button not in shown(client, reverse(QUEUE))
    assert client.post(button).status_code == 403
    assert RatingAttempts.objects.get().is_given_up


RATE = """
from datetime import UTC, datetime
from pricing.domain.rate.sweep import RATINGS
RATINGS.work([{period}], at=datetime(2026, 10, 20, tzinfo=UTC))
"""


@pytest.mark.django_db(transaction=True)
@pytest.mark.processes
def test_a_worker_that_is_killed_while_it_rates_has_counted_its_attempt():
    PriceRuleFactory.create()
    period = ActionFactory.create().period
    mark_unrated([period], reason="intake")

    for attempt in (1, 2, 3):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("LOCK TABLE pricing_charge")
            worker = fork(RATE.format(period=period.pk))
            until(_waits_for_charges)
            worker.kill()
        until(lambda: not _is_locked(period))
        assert (worker.returncode, RatingAttempts.objects.get().attempts) == (-signal.SIGKILL, attempt)

    assert RATINGS.sweep(at=NOW) == 0
    RATINGS.work([period.pk], at=NOW)
    assert (Charge.objects.count(), PeriodTally.objects.count()) == (0, 0)


def _waits_for_charges() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE relation = 'pricing_charge'::regclass AND NOT granted")
        return bool(cursor.fetchone()[0])


def _is_locked(period: BillingPeriod) -> bool:
    """PostgreSQL needs a moment to notice that the client is gone."""
    with transaction.atomic():
        free = BillingPeriod.objects.select_for_update(skip_locked=True).filter(pk=period.pk)
        return not free.exists()
