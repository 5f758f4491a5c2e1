"""`manage.py rebuild_rollups` verifies the roll-up against the charges, or adds it up again; it can be stopped and continued."""

from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from billing_engine.core.calendar.spans import Month
from leads.domain.periods import mark_unrated
from leads.models import Action, BillingPeriod
from pricing.domain.rate.rate import rate
from pricing.management.commands import rebuild_rollups
from pricing.models import DailyActivity, MonthlyActivity
from tests.factories.leads import ActionFactory, BillingPeriodFactory
from tests.factories.pricing import PriceRuleFactory
from tests.pricing.rate.rolled_up import assert_rolled_up, stored_days, stored_months

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 2, tzinfo=UTC)


@pytest.fixture
def periods() -> list[BillingPeriod]:
    """October and November of Acme, and October of Other, each with two actions on one day."""
    PriceRuleFactory.create(name="Samples")
    october = BillingPeriodFactory.create(customer__code="ACME", customer__name="Acme")
    november = BillingPeriodFactory.create(customer=october.customer, month=Month(2026, 11))
    other = BillingPeriodFactory.create(customer__code="OTHER", customer__name="Other")
    for period in (october, november, other):
        for day in (3, 3):
            at = datetime(2026, period.start_at.month, day, 12, tzinfo=UTC)
            ActionFactory.create(period=period, lead__product__customer=period.customer, occurred_at=at)
        rate(period, at=NOW)
    return [october, november, other]


def run(*words: str) -> tuple[int, str]:
    """The command's exit code and what it said."""
    out = StringIO()
    try:
        call_command("rebuild_rollups", *words, stdout=out)
    except SystemExit as end:
        return int(str(end.code)), out.getvalue()
    except CommandError as error:
        return error.returncode, str(error)
    return 0, out.getvalue()


def by_hand(sql: str, *facts: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, facts)


def test_verify_says_that_all_periods_are_what_their_charges_say(periods: list[BillingPeriod]):
    before = stored_days(), stored_months()

    assert run("--verify") == (0, "Verified: 3 billing periods.\n")
    assert (stored_days(), stored_months()) == before


def test_verify_lists_each_row_that_differs_and_writes_nothing(periods: list[BillingPeriod]):
    october, november, _ = periods
    first, second = DailyActivity.objects.filter(period=october).order_by("product")
    by_hand("UPDATE pricing_dailyactivity SET amount = amount + 0.000001 WHERE id = %s", first.pk)
    by_hand("DELETE FROM pricing_dailyactivity WHERE id = %s", second.pk)
    by_hand("UPDATE pricing_monthlyactivity SET outcome = 'voided' WHERE period_id = %s AND product_id = %s",
            november.pk, MonthlyActivity.objects.filter(period=november).earliest("product").product_id)  # fmt: skip
    before = stored_days(), stored_months()

    code, words = run("--verify")

    def row(of: DailyActivity | MonthlyActivity) -> str:
        return f"{of.product.sku}, {of.source.code}, sample_order, rule {of.rule_id}"

    moved = MonthlyActivity.objects.get(period=november, outcome="voided")
    right = "1 actions, quantity 1.000000, 2.500000, before caps 2.500000"
    assert (code, words.splitlines()) == (
        1,
        [
            f"Acme 2026-10 (ID {october.pk}): 2 rows differ.",
            f"  daily 2026-10-03, {row(first)}, charged",
            "    stored   1 actions, quantity 1.000000, 2.500001, before caps 2.500000",
            f"    charges  {right}",
            f"  daily 2026-10-03, {row(second)}, charged",
            "    stored   no such row",
            f"    charges  {right}",
            f"Acme 2026-11 (ID {november.pk}): 2 rows differ.",
            f"  monthly 2026-11, {row(moved)}, charged",
            "    stored   no such row",
            f"    charges  {right}",
            f"  monthly 2026-11, {row(moved)}, voided",
            f"    stored   {right}",
            "    charges  no such row",
            "Verified: 3 billing periods.",
            "Periods that differ from their charges: 2.",
        ],
    )
    assert (stored_days(), stored_months()) == before


def test_a_row_that_is_there_twice_differs(periods: list[BillingPeriod]):
    columns = ", ".join(field.column for field in DailyActivity._meta.concrete_fields if not field.primary_key)
    by_hand(f"INSERT INTO pricing_dailyactivity ({columns}) SELECT {columns} FROM pricing_dailyactivity LIMIT 1")

    assert run("--verify")[0] == 1


def test_a_period_that_is_about_to_be_rated_again_does_not_differ(periods: list[BillingPeriod]):
    Action.objects.filter(period=periods[0]).update(quantity=5)
    mark_unrated([periods[0]], reason="conflict settled")

    code, words = run("--verify")

    assert (code, words.splitlines()[0]) == (
        0,
        "Acme 2026-10: about to be rated again, so its 4 different rows don't count.",
    )
    rate(periods[0], at=NOW)
    assert run("--verify") == (0, "Verified: 3 billing periods.\n")


def test_rebuilding_gives_every_period_the_rows_of_its_charges(periods: list[BillingPeriod]):
    before = stored_days(), stored_months()
    by_hand("UPDATE pricing_dailyactivity SET actions = 7; DELETE FROM pricing_monthlyactivity")
    assert run("--verify")[0] == 1

    assert run() == (0, "Rebuilt: 3 billing periods.\n")

    assert (stored_days(), stored_months()) == before
    assert_rolled_up()


def test_only_the_periods_of_a_customer_and_a_month_are_rebuilt(periods: list[BillingPeriod]):
    by_hand("UPDATE pricing_dailyactivity SET actions = 7")

    assert run("--customer", "acme", "--month", "2026-10") == (0, "Rebuilt: 1 billing period.\n")

    rebuilt = {period.pk: not DailyActivity.objects.filter(period=period, actions=7).exists() for period in periods}
    assert list(rebuilt.values()) == [True, False, False]


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (("--customer", "ghost"), "There is no customer 'ghost'."),
        (("--month", "October"), "'October' is not a month. Use the form 2026-10."),
    ],
)
def test_a_selection_that_does_not_exist_is_refused(words: tuple[str, ...], answer: str, periods: list[BillingPeriod]):
    assert run("--verify", *words) == (2, answer)


def test_what_was_stopped_continues_where_it_was(periods: list[BillingPeriod], monkeypatch: pytest.MonkeyPatch):
    by_hand("UPDATE pricing_dailyactivity SET amount = 0")
    rebuild = rebuild_rollups.rebuild_activity

    def stop_at_the_second(period: BillingPeriod) -> None:
        if period == periods[1]:
            raise KeyboardInterrupt
        rebuild(period)

    monkeypatch.setattr(rebuild_rollups, "rebuild_activity", stop_at_the_second)
    assert run() == (130, f"Stopped. To continue, add --after {periods[0].pk}.\n")
    assert DailyActivity.objects.filter(amount=0).count() == 4

    monkeypatch.setattr(rebuild_rollups, "rebuild_activity", rebuild)
    assert run("--after", str(periods[0].pk)) == (0, "Rebuilt: 2 billing periods.\n")
    assert_rolled_up()
    assert set(DailyActivity.objects.values_list("amount", flat=True)) == {Decimal("2.5")}
