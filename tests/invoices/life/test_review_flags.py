"""The flags of a draft: new credit, the void invoice that it replaces, what a budget cut."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.contrib.auth.models import User

from invoices.domain.life.adjustments import adjust
from invoices.domain.life.close import close
from invoices.domain.life.credit import CreditIsUsed
from invoices.domain.life.reopen import regenerate, reopen, void
from invoices.domain.life.review_flags import flags_of
from invoices.models import Invoice
from invoices.queries.cycle import cut_by_budgets_in
from leads.domain.voiding import void as void_action
from leads.models import Action, BillingPeriod, Customer
from tests.factories.people import UserFactory
from tests.invoices.made import NOVEMBER_3, a_draft, a_price, an_open_period, approved, billed, issued, received

pytestmark = pytest.mark.django_db
LATER = datetime(2026, 11, 9, tzinfo=UTC)


def flags(invoice: Invoice) -> list[tuple[str, str, bool]]:
    return [
        (flag.code, flag.message, flag.needs_review)
        for flag in flags_of([Invoice.objects.get(pk=invoice.pk)])[invoice.pk]
    ]


def carrying(amount: int, by: User, **customer: object) -> Invoice:
    """A draft of $10.00 whose adjustment leaves so much to be carried forward."""
    invoice = a_draft(4, **customer)
    adjust(invoice, amount=Decimal(-10 - amount), text="Goodwill", reason="Agreed", by=by, at=NOVEMBER_3)
    return invoice


def of_month(customer: Customer, month: int, quantity: int) -> Invoice:
    """A later draft of the customer."""
    end = datetime(2026, month + 1, 1, tzinfo=UTC) if month < 12 else datetime(2027, 1, 1, tzinfo=UTC)
    period = BillingPeriod.objects.create(
        customer=customer, label=f"2026-{month}", start_at=datetime(2026, month, 1, tzinfo=UTC), end_at=end
    )
    received(period, quantity, at=datetime(2026, month, 5, tzinfo=UTC))
    invoice = close(period, at=end)
    assert invoice is not None
    return invoice


# --- Credit ---------------------------------------------------------------------------------------


def test_a_draft_says_that_credit_has_come_since_and_draws_on_it_when_it_is_regenerated(
    frank: User, vera: User
) -> None:
    source = carrying(15, vera)
    draft = of_month(source.customer, 11, 4)
    assert [code for code, *_ in flags(draft)] == ["unusual_total"]
    issued(source, frank)

    assert flags(draft)[0] == ("credit", "New credit of $15.00: regenerate", True)
    fresh = regenerate(draft, by=UserFactory.create(), at=datetime(2026, 12, 2, tzinfo=UTC))

    assert fresh is not None
    assert (fresh.credit, fresh.total) == (-10, 0)
    assert "credit" not in [code for code, *_ in flags(fresh)]


def test_the_credit_of_others_and_in_other_currencies_is_no_flag(frank: User, vera: User) -> None:
    issued(carrying(15, vera), frank)

    assert "credit" not in [code for code, *_ in flags(a_draft(4))]


def test_a_refused_void_lists_the_invoices_that_used_the_credit_with_amounts_and_advice(
    frank: User, vera: User
) -> None:
    source = issued(carrying(44, vera), frank)
    draft = of_month(source.customer, 11, 8)  # uses 20.00

    with pytest.raises(CreditIsUsed) as refusal:
        void(source, reason="Wrong", by=vera, at=LATER)
    assert str(refusal.value) == (
        "$20.00 of the $44.00 credit that this invoice carried forward is used. "
        f"Reopen the period of Draft {draft.pk}, November 2026, first ($20.00)."
    )
    second = of_month(source.customer, 12, 4)  # and 10.00
    issued(draft, frank)
    with pytest.raises(CreditIsUsed) as refusal:
        void(source, reason="Wrong", by=vera, at=LATER)
    assert str(refusal.value) == (
        "$30.00 of the $44.00 credit that this invoice carried forward is used. "
        f"Reopen the period of Draft {second.pk}, December 2026, first ($10.00). Void {_number(draft)} first ($20.00)."
    )

    reopen(second.period, reason="Wrong", by=vera, at=LATER)
    void(draft, reason="Wrong", by=vera, at=LATER)
    assert void(source, reason="Wrong", by=vera, at=LATER).state == "void"


def _number(invoice: Invoice) -> str | None:
    return Invoice.objects.get(pk=invoice.pk).number


# --- Replacing a void invoice ---------------------------------------------------------------------


def test_a_draft_after_a_void_is_compared_with_the_void_one(frank: User, vera: User) -> None:
    same, less = issued(a_draft(4), frank), issued(a_draft(4, 2), frank)
    for invoice in (same, less):
        void(invoice, reason="Wrong", by=vera, at=LATER)
    void_action(
        Action.objects.get(period=less.period, quantity=2), reason="Canceled", by=UserFactory.create(), at=LATER
    )

    assert flags(billed(same.period)) == [("replaces", f"Replaces {same.number}, which is void: the same total", False)]
    assert flags(billed(less.period)) == [
        ("replaces_other", f"Replaces {less.number}, which is void: $5.00 less", True)
    ]


# --- A hard budget --------------------------------------------------------------------------------


def test_what_a_hard_budget_cut_is_shown_on_the_draft_and_on_the_month(frank: User) -> None:
    a_price()
    period = an_open_period(monthly_budget=Decimal(12), hard_budget=True)
    received(period, 4, 3)
    received(period, 2, product="Walnut")

    invoice = billed(period)

    assert (invoice.total, sum(line.cut_by_budget for line in invoice.lines.all())) == (12, Decimal("10.5"))
    assert flags(invoice)[0] == ("budget", "The monthly budget cut $10.50", False)
    assert cut_by_budgets_in("2026-10") == {"USD": (1, Decimal("10.5"))}
    assert approved(invoice, frank).state == "approved"


def test_a_soft_budget_cuts_nothing() -> None:
    a_price()
    period = an_open_period(monthly_budget=Decimal(12))
    received(period, 40)
    billed(period)

    assert cut_by_budgets_in("2026-10") == {}
