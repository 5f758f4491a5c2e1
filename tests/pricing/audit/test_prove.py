"""Rate a closed period again: the same to the last digit, whatever has changed since; tampering shows."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from billing_engine.core.calendar.spans import Month
from leads.models import Action, BillingPeriod
from pricing.domain.audit import prove as proving
from pricing.domain.audit.prove import BY_TODAYS_TERMS, Difference, Outcome, PeriodIsOpen, prove
from pricing.domain.audit.terms import keep_terms
from pricing.domain.rate.rate import rate
from pricing.domain.rule_book.rules import activate
from pricing.models import Charge, PeriodTally, PeriodTerms, PriceRule, UnratedAction, Waiver
from tests.factories.leads import ActionFactory, ActionTypeFactory, BillingPeriodFactory, LeadFactory, agree, from_day
from tests.factories.people import UserFactory
from tests.factories.pricing import PriceRuleFactory, graduated, retired, tiered

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 2, tzinfo=UTC)
NOON = datetime(2026, 10, 10, 12, tzinfo=UTC)


@pytest.fixture
def period() -> BillingPeriod:
    return BillingPeriodFactory.create(customer__code="ACME", customer__name="Acme")


def did(period: BillingPeriod, **facts: Any) -> Action:
    facts.setdefault("lead__product__customer", period.customer)
    facts.setdefault("occurred_at", NOON)
    return ActionFactory.create(period=period, **facts)


def closed(period: BillingPeriod, at: datetime = NOW) -> BillingPeriod:
    """A rated and closed period, with its terms kept as the close does."""
    rate(period, at=at)
    keep_terms([period])
    period.state, period.closed_at = BillingPeriod.State.CLOSED, at
    period.save()
    return period


def by_hand(sql: str, *facts: Any) -> None:
    """Change rows with the triggers off, which nothing of ours does."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(sql, facts)
        cursor.execute("SET LOCAL session_replication_role = origin")


def charges() -> list[tuple[Any, ...]]:
    return list(Charge.objects.order_by("pk").values_list())


def a_month_of_every_kind(period: BillingPeriod) -> None:
    """Tiers, percentages, once, caps, exclusions, late activity and a rule that needs foresight."""
    lead = LeadFactory.create(product__customer=period.customer)
    graduated((2, "1", "0"), (None, "0.333333", "5"), action_type=ActionTypeFactory.create(code="page_view"))
    tiered(
        "volume",
        (3, "2", "1"),
        (None, "0.7", "0"),
        action_type=ActionTypeFactory.create(code="download"),
    )
    PriceRuleFactory.create(
        price_model="percentage",
        unit_price=None,
        percent=Decimal("1.3"),
        fixed_fee=Decimal("0.1"),
        action_type=ActionTypeFactory.create(code="deal"),
    )
    PriceRuleFactory.create(
        once_per="lead",
        once_days=30,
        cap_per_period=Decimal(4),
        action_type=ActionTypeFactory.create(code="sample_order"),
    )
    for minute, (kind, facts) in enumerate(
        [
            ("page_view", {"quantity": Decimal("1.5")}),
            ("page_view", {"quantity": Decimal("1.5")}),
            ("page_view", {"quantity": Decimal("2.25")}),
            ("download", {"quantity": 2}),
            ("download", {"quantity": 2}),
            ("deal", {"value": Decimal("1234.56")}),
            ("deal", {}),
            ("sample_order", {"lead": lead}),
            ("sample_order", {"lead": lead}),
            ("sample_order", {}),
            ("sample_order", {"lead__is_test": True}),
            ("sample_order", {"voided_at": NOON}),
            ("page_view", {"occurred_at": NOON - timedelta(days=30)}),
        ]
    ):
        did(
            period,
            **{"occurred_at": NOON + timedelta(minutes=minute)} | facts,
            action_type=ActionTypeFactory.create(code=kind),
        )


def test_every_charge_of_a_closed_period_comes_out_again_to_the_last_digit(period: BillingPeriod):
    a_month_of_every_kind(period)
    closed(period)
    before = charges()

    proof = prove(period)

    tally = PeriodTally.objects.get(period=period)
    assert (proof.actions, proof.charges, proof.amount) == (13, 13, tally.amount)
    assert (proof.holds, proof.differing, proof.differences, proof.doubts) == (True, 0, [], ())
    assert charges() == before


def test_what_changes_after_the_close_moves_nothing(period: BillingPeriod, operator: User):
    lead = LeadFactory.create(product__customer=period.customer, product__category="tiles")
    kind = ActionTypeFactory.create(code="sample_order")
    rule = PriceRuleFactory.create(unit_price=Decimal("2.50"))
    PriceRuleFactory.create(unit_price=Decimal(3), category="tiles")
    agree(period.customer, hard_budget=True, monthly_budget=Decimal(7))
    period.refresh_from_db()
    for _ in range(3):
        did(period, lead=lead, action_type=kind)
    did(period, lead__person_key="ann@rival.example", action_type=kind)
    closed(period)

    # A more expensive rule for this month, the old one ended, contract, budget, catalog: everything else is changed.
    dearer = PriceRuleFactory.create(draft=True, unit_price=Decimal(9), priority=5)
    activate(dearer, by=operator, at=NOW + timedelta(days=1))
    retired(PriceRule.objects.filter(pk=rule.pk), until=rule.wall_from + timedelta(days=1))
    agree(
        period.customer,
        hard_budget=False,
        monthly_budget=None,
        contract_to=date(2026, 9, 1),
        excluded_domains=["rival.example"],
    )
    from_day(lead.product, category="stone")
    from_day(lead.source, channel="event")
    from_day(kind, is_billable=False)

    proof = prove(BillingPeriod.objects.get(pk=period.pk))

    assert (proof.actions, proof.amount, proof.differences, proof.doubts) == (4, Decimal(7), [], ())


def test_a_charge_changed_behind_the_databases_back_is_found(period: BillingPeriod):
    rule = PriceRuleFactory.create()
    actions = [did(period, quantity=3), did(period), did(period)]
    closed(period)
    by_hand("UPDATE pricing_charge SET amount = 7.499999, full_amount = 7.499999 WHERE action_id = %s", actions[0].pk)
    by_hand("DELETE FROM pricing_charge WHERE action_id = %s", actions[2].pk)

    proof = prove(period)

    right = Outcome(period.pk, rule.pk, "", 7_500_000, 7_500_000, (), 0, 0, None)
    missing = Outcome(period.pk, rule.pk, "", 2_500_000, 2_500_000, (), 4_000_000, 0, None)
    assert proof.differences == [
        Difference(actions[0].pk, right._replace(amount=7_499_999, full_amount=7_499_999), right),
        Difference(actions[2].pk, None, missing),
    ]
    assert (proof.actions, proof.charges, proof.differing, proof.holds) == (3, 2, 2, False)


@pytest.mark.parametrize(
    ("sql", "again"),
    [
        ("UPDATE leads_action SET quantity = 4 WHERE id = %s", "10.00"),
        ("UPDATE leads_action SET voided_at = now() WHERE id = %s", "voided"),
        (
            "INSERT INTO pricing_waiver (action_id, note, waived_at, waived_by_id)"
            " SELECT %s, 'a favour', now(), max(id) FROM auth_user",
            "waived",
        ),
        (
            "UPDATE leads_lead SET is_test = TRUE WHERE id = (SELECT lead_id FROM leads_action WHERE id = %s)",
            "test_lead",
        ),
    ],
)
def test_an_action_changed_since_is_found(period: BillingPeriod, operator: User, sql: str, again: str):
    PriceRuleFactory.create()
    action = did(period, quantity=3)
    closed(period)
    by_hand(sql, action.pk)

    [found] = prove(period).differences

    assert found.stored
    assert found.again
    assert found.stored.amount == 7_500_000
    assert (found.again.reason or f"{Decimal(found.again.amount).scaleb(-6):.2f}") == again


def test_a_price_changed_since_is_found(period: BillingPeriod):
    rule = PriceRuleFactory.create()
    did(period)
    closed(period)
    by_hand("UPDATE pricing_pricerule SET unit_price = 2.500001 WHERE id = %s", rule.pk)

    [found] = prove(period).differences

    assert found.again
    assert found.again.amount == 2_500_001


def test_what_earlier_periods_carry_over_is_told_again(period: BillingPeriod):
    september = BillingPeriodFactory.create(customer=period.customer, month=Month(2026, 9))
    lead = LeadFactory.create(product__customer=period.customer)
    PriceRuleFactory.create(once_per="lead", once_days=30)
    paid = did(september, lead=lead, occurred_at=datetime(2026, 9, 20, tzinfo=UTC))
    did(period, lead=lead, occurred_at=datetime(2026, 10, 5, tzinfo=UTC))
    closed(september)
    closed(period)

    proof = prove(period)

    assert list(Charge.objects.filter(period=period).values_list("reason", "paid_by")) == [("already_charged", paid.pk)]
    assert (proof.holds, proof.doubts) == (True, ())


def test_an_earlier_period_that_closed_later_is_named_as_what_a_difference_may_come_from(period: BillingPeriod):
    september = BillingPeriodFactory.create(customer=period.customer, month=Month(2026, 9))
    lead = LeadFactory.create(product__customer=period.customer)
    PriceRuleFactory.create(once_per="lead", once_days=30)
    paid = did(september, lead=lead, occurred_at=datetime(2026, 9, 20, tzinfo=UTC))
    rate(september, at=NOW)
    did(period, lead=lead, occurred_at=datetime(2026, 10, 5, tzinfo=UTC))
    closed(period)
    Waiver.objects.create(action=paid, note="Goodwill", waived_at=NOW, waived_by=UserFactory.create())
    closed(september, at=NOW + timedelta(days=1))

    proof = prove(period)

    assert [words.split(" was ")[0] for words in proof.doubts] == ["2026-09"]
    assert [(one.stored and one.stored.reason, one.again and one.again.amount) for one in proof.differences] == [
        ("already_charged", 2_500_000)
    ]


def test_where_no_terms_were_kept_the_proof_says_that_it_is_by_todays(period: BillingPeriod):
    PriceRuleFactory.create()
    did(period)
    rate(period, at=NOW)
    BillingPeriod.objects.update(state="closed", closed_at=NOW)

    proof = prove(period)

    assert (proof.holds, proof.doubts) == (True, (BY_TODAYS_TERMS,))


def test_an_open_period_is_not_proven(period: BillingPeriod):
    with pytest.raises(PeriodIsOpen):
        prove(period)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE pricing_periodterms SET rules = '{}' WHERE period_id = %s",
        "DELETE FROM pricing_periodterms WHERE period_id = %s",
    ],
)
def test_the_database_itself_keeps_the_terms_of_a_closed_period(period: BillingPeriod, sql: str):
    closed(period)
    before = list(PeriodTerms.objects.values())

    with (
        pytest.raises(IntegrityError, match="its terms never change"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql, [period.pk])

    assert list(PeriodTerms.objects.values()) == before


@pytest.mark.django_db(transaction=True)
def test_a_proof_writes_nothing_and_could_not(period: BillingPeriod, monkeypatch: pytest.MonkeyPatch):
    PriceRuleFactory.create()
    did(period)
    closed(period)
    states = list[tuple[str, str]]()

    def look(actions: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('transaction_read_only'), current_setting('transaction_isolation')")
            states.append(cursor.fetchone())

    assert prove(period, on_progress=look).holds

    assert states == [("on", "repeatable read")]
    assert not connection.in_atomic_block
    Waiver.objects.all().delete()  # and then writing is possible again


def test_a_long_proof_tells_how_far_it_is_and_keeps_only_the_first_differences(
    period: BillingPeriod, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(proving, "AT_A_TIME", 2)
    monkeypatch.setattr(proving, "DIFFERENCES_KEPT", 3)
    PriceRuleFactory.create()
    for _ in range(5):
        did(period)
    closed(period)
    by_hand("UPDATE pricing_charge SET amount = 1, full_amount = 1")
    heard = list[int]()

    proof = prove(period, on_progress=heard.append)

    assert heard == [2, 4, 5]
    assert (proof.differing, len(proof.differences)) == (5, 3)


# --- The command ------------------------------------------------------------------------------------


def run(*words: str) -> tuple[int, str]:
    """The command's exit code and what it said."""
    out = StringIO()
    try:
        call_command("prove_period", *words, stdout=out)
    except SystemExit as end:
        return int(str(end.code)), out.getvalue()
    except CommandError as error:
        return error.returncode, str(error)
    return 0, out.getvalue()


def test_the_command_says_that_every_charge_is_the_same(period: BillingPeriod):
    PriceRuleFactory.create(unit_price=Decimal("0.0125"))
    did(period, quantity=3)
    did(period, lead__is_test=True)
    closed(period)

    assert run("acme", "2026-10") == (
        0,
        "Acme 2026-10, closed 2026-11-02 00:00 UTC\n"
        "actions                      2\n"
        "charges compared             2\n"
        "sum                    $0.0375\n"
        "every charge is the same\n",
    )


def test_the_command_tells_what_differs_and_exits_1(period: BillingPeriod):
    rule = PriceRuleFactory.create()
    action, gone = did(period, quantity=3), did(period)
    closed(period)
    by_hand("UPDATE pricing_charge SET amount = 7.499999, full_amount = 7.499999 WHERE action_id = %s", action.pk)
    by_hand("UPDATE pricing_charge SET quantity_before = 1 WHERE action_id = %s", action.pk)
    by_hand("DELETE FROM pricing_charge WHERE action_id = %s", gone.pk)

    assert run("ACME", "2026-10") == (
        1,
        "Acme 2026-10, closed 2026-11-02 00:00 UTC\n"
        "actions                      2\n"
        "charges compared             1\n"
        "sum                  $7.499999\n"
        "charges that differ: 2\n"
        f"action {action.pk}\n"
        f"  stored  $7.499999 by rule {rule.pk}, of $7.499999, 1 counted before\n"
        f"  again   $7.50 by rule {rule.pk}, of $7.50, 0 counted before\n"
        f"action {gone.pk}\n"
        "  stored  no charge\n"
        f"  again   $2.50 by rule {rule.pk}\n",
    )


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (("UNKNOWN", "2026-10"), "There is no customer 'UNKNOWN'."),
        (("ACME", "2026-12"), "Acme has no billing period '2026-12'."),
        (("ACME", "2026-10"), PeriodIsOpen.message),
    ],
)
def test_the_command_exits_2_where_there_is_nothing_to_prove(
    period: BillingPeriod, words: tuple[str, str], answer: str
):
    assert run(*words) == (2, answer)
    assert not UnratedAction.objects.exists()
