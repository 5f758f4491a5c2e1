"""What people can do with a draft: adjust, regenerate, reopen, void; and what needs a second person."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User

from billing_engine.core.calendar.wall_clock import read
from billing_engine.core.models import Deed
from invoices.domain.life.adjustments import BadAdjustment, NotAnAdjustment, adjust, withdraw
from invoices.domain.life.batch import WrongState
from invoices.domain.life.close import HasUnratedActions, close
from invoices.domain.life.credit import CreditIsUsed
from invoices.domain.life.deeds import AdjusterApproves, NeedsSecondPerson
from invoices.domain.life.reopen import (
    NeedsReason,
    PeriodAlreadyOpen,
    PeriodIsIssued,
    regenerate,
    reopen,
    void,
)
from invoices.domain.life.review_flags import flags_of, without_invoice
from invoices.domain.life.transitions import approve
from invoices.domain.lines.totals import balance
from invoices.domain.run.billing_run import bill, start
from invoices.models import Adjustment, Invoice, InvoiceDocument
from leads.models import BillingPeriod, Customer, Tax
from pricing.domain.audit.prove import prove
from pricing.models import Charge, PeriodTerms, PriceRule
from receivables.models import Allocation
from reports.queries.sums.invariants import invariants
from tests.factories.leads import CompanyFactory, agree
from tests.factories.people import UserFactory
from tests.factories.pricing import retired
from tests.invoices.made import (
    NOVEMBER_3,
    OCTOBER,
    a_draft,
    a_price,
    an_open_period,
    approved,
    billed,
    issued,
    received,
)

pytestmark = pytest.mark.django_db
LATER = datetime(2026, 11, 9, tzinfo=UTC)


def adjusted(invoice: Invoice, amount: str, by: User, text: str = "Goodwill") -> Invoice:
    adjust(invoice, amount=Decimal(amount), text=text, reason="Agreed by phone", by=by, at=LATER)
    invoice.refresh_from_db()
    return invoice


def sums(invoice: Invoice) -> tuple[Decimal, Decimal, Decimal, Decimal]:
    invoice.refresh_from_db()
    return invoice.subtotal, invoice.tax, invoice.credit, invoice.total


def state_of(period: BillingPeriod) -> tuple[str, datetime | None, int]:
    period.refresh_from_db()
    return period.state, period.closed_at, Charge.objects.filter(action__period=period).count()


# --- Adjustments ----------------------------------------------------------------------------------


def test_an_adjustment_is_a_line_with_its_reason_and_taxes_and_total_follow(accountant: User) -> None:
    invoice = adjusted(a_draft(4, tax_rate=10), "-2.50", accountant)

    line = invoice.lines.get(kind="adjustment")
    assert (line.description, line.amount, line.adjustment.reason) == ("Goodwill", Decimal("-2.5"), "Agreed by phone")
    assert (line.adjustment.adjusted_by, line.adjustment.adjusted_at) == (accountant, LATER)
    assert sums(invoice) == (Decimal("7.5"), Decimal("0.75"), 0, Decimal("8.25"))

    withdraw(line, by=accountant)

    assert sums(invoice) == (Decimal(10), Decimal(1), 0, Decimal(11))
    assert not Adjustment.objects.exists()


@pytest.mark.parametrize(
    "wrong", [{"amount": Decimal(0)}, {"amount": Decimal("0.005")}, {"text": " "}, {"reason": ""}], ids=str
)
def test_an_adjustment_of_nothing_or_without_words_is_refused(accountant: User, wrong: dict[str, Any]) -> None:
    invoice = a_draft(4)

    facts = {"amount": Decimal(1), "text": "More", "reason": "Agreed"} | wrong
    with pytest.raises(BadAdjustment):
        adjust(invoice, **facts, by=accountant, at=LATER)

    assert (sums(invoice)[3], invoice.lines.count()) == (10, 1)


def test_only_drafts_are_adjusted_and_only_adjustments_are_withdrawn(accountant: User) -> None:
    invoice = a_draft(4)
    with pytest.raises(NotAnAdjustment):
        withdraw(invoice.lines.get(), by=accountant)
    approved(invoice, accountant)

    with pytest.raises(WrongState):
        adjusted(invoice, "1", accountant)

    assert (sums(invoice)[3], invoice.lines.count()) == (10, 1)


def test_the_adjuster_cannot_approve_unless_the_settings_allow_it(
    accountant: User, vera: User, settings: LazySettings
) -> None:
    invoice, other = (adjusted(a_draft(4), "1", accountant) for _ in range(2))

    with pytest.raises(AdjusterApproves):
        approve(invoice, by=accountant, at=LATER)
    assert approve(invoice, by=vera, at=LATER).state == "approved"
    settings.ADJUSTER_APPROVES = True
    assert approve(other, by=accountant, at=LATER).state == "approved"


# --- Regenerated ----------------------------------------------------------------------------------


def test_a_regenerated_draft_uses_current_data_and_keeps_its_adjustments(accountant: User) -> None:
    invoice = adjusted(a_draft(4), "-1", accountant)
    agree(Customer.objects.get(), taxes=[Tax("VAT", Decimal(20)).as_stored()])

    fresh = regenerate(invoice, by=UserFactory.create(), at=LATER)

    assert fresh is not None
    assert not Invoice.objects.filter(pk=invoice.pk).exists()
    assert sums(fresh) == (Decimal(9), Decimal("1.8"), 0, Decimal("10.8"))
    kept = fresh.lines.get(kind="adjustment").adjustment
    assert (kept.reason, kept.adjusted_by, kept.adjusted_at) == ("Agreed by phone", accountant, LATER)
    assert state_of(fresh.period) == ("closed", LATER, 1)
    assert prove(fresh.period).differing == 0


def test_a_draft_that_cannot_be_regenerated_stays_as_it_was() -> None:
    invoice = a_draft(4)
    before = list(Invoice.objects.values()), list(invoice.lines.values()), state_of(invoice.period)
    retired(PriceRule.objects.all(), until=read("2020-01-02"))

    with pytest.raises(HasUnratedActions):
        regenerate(invoice, by=UserFactory.create(), at=LATER)

    assert (list(Invoice.objects.values()), list(invoice.lines.values()), state_of(invoice.period)) == before


def test_the_run_that_billed_a_draft_links_to_the_regenerated_one(accountant: User) -> None:
    a_price()
    received(an_open_period(), 4)
    run = start(OCTOBER, by=accountant, at=NOVEMBER_3)
    bill(run.items.get().pk, at=NOVEMBER_3)

    fresh = regenerate(Invoice.objects.get(), by=UserFactory.create(), at=LATER)

    assert run.items.get().invoice == fresh


# --- Reopened -------------------------------------------------------------------------------------


def test_a_period_is_reopened_with_a_reason_by_a_second_person_and_billed_again(accountant: User, vera: User) -> None:
    invoice = approved(a_draft(4), accountant)
    period = invoice.period

    reopen(period, reason="Wrong price", by=vera, at=LATER)

    assert state_of(period)[:2] == ("open", None)
    assert not Invoice.objects.exists()
    deed = Deed.objects.on(period).get()
    assert (deed.verb, deed.person, deed.reason, deed.before) == (
        "period_reopened",
        vera,
        "Wrong price",
        {"closed_at": "2026-11-03T12:00:00Z", "draft": str(invoice), "total": "$10.00"},
    )
    received(period, 2)
    again = close(period, at=LATER)
    assert again is not None
    assert (again.total, PeriodTerms.objects.get().period, prove(period).differing) == (15, period, 0)


def test_no_one_can_reopen_alone_what_they_billed_adjusted_or_approved(accountant: User, vera: User) -> None:
    a_price()
    received(an_open_period(), 4)
    run = start(OCTOBER, by=accountant, at=NOVEMBER_3)
    bill(run.items.get().pk, at=NOVEMBER_3)
    invoice = Invoice.objects.get()
    adjuster, approver = UserFactory.create(), UserFactory.create()
    approve(adjusted(invoice, "1", adjuster), by=approver, at=LATER)
    before = list(Invoice.objects.values()), state_of(invoice.period)

    for person in (accountant, adjuster, approver):
        with pytest.raises(NeedsSecondPerson):
            reopen(invoice.period, reason="Wrong", by=person, at=LATER)
    with pytest.raises(NeedsReason):
        reopen(invoice.period, reason=" ", by=vera, at=LATER)

    assert (
        list(Invoice.objects.values()),
        state_of(invoice.period),
        Deed.objects.on(invoice.period).filter(verb="period_reopened").count(),
    ) == (*before, 0)


def test_what_is_issued_is_not_reopened_and_what_is_open_neither(accountant: User, vera: User) -> None:
    invoice = issued(a_draft(4), accountant)
    with pytest.raises(PeriodIsIssued, match="on invoice INV-2026-000001"):
        reopen(invoice.period, reason="Wrong", by=vera, at=LATER)
    assert state_of(invoice.period) == ("closed", NOVEMBER_3, 1)

    with pytest.raises(PeriodAlreadyOpen):
        reopen(an_open_period(), reason="Wrong", by=vera, at=LATER)


# --- Void -----------------------------------------------------------------------------------------


def test_a_void_invoice_keeps_number_lines_and_pdf_and_its_period_is_billed_again(accountant: User, vera: User) -> None:
    invoice = issued(a_draft(4), accountant)
    lines = list(invoice.lines.values())

    void(invoice, reason="Wrong address", by=vera, at=LATER)

    found = Invoice.objects.get()
    assert (found.state, found.number, found.voided_by, found.voided_at, found.void_reason, found.total) == (
        "void",
        "INV-2026-000001",
        vera,
        LATER,
        "Wrong address",
        10,
    )
    assert list(found.lines.values()) == lines
    assert list(InvoiceDocument.objects.order_by("pk").values_list("invoice", "kind")) == [
        (found.pk, "invoice"),
        (found.pk, "void"),
    ]
    assert state_of(found.period)[:2] == ("open", None)

    again = close(found.period, at=LATER)
    assert again is not None
    reissued = issued(again, accountant)
    assert (reissued.number, reissued.total, prove(found.period).differing) == ("INV-2026-000002", 10, 0)


def test_only_what_is_issued_is_voided_and_by_a_second_person_with_a_reason(accountant: User, vera: User) -> None:
    draft, invoice = a_draft(4), issued(a_draft(4), accountant)
    with pytest.raises(WrongState, match="is draft, not issued"):
        void(draft, reason="Wrong", by=vera, at=LATER)
    with pytest.raises(NeedsSecondPerson):
        void(invoice, reason="Wrong", by=accountant, at=LATER)
    with pytest.raises(NeedsReason):
        void(invoice, reason="", by=vera, at=LATER)

    assert sorted(Invoice.objects.values_list("state", flat=True)) == ["draft", "issued"]
    assert state_of(invoice.period) == ("closed", NOVEMBER_3, 1)


# --- Credit ---------------------------------------------------------------------------------------


def test_a_void_gives_back_the_credit_it_used_and_takes_back_what_it_carried(accountant: User, vera: User) -> None:
    first = issued(adjusted(a_draft(4), "-15", vera), accountant)
    customer = first.customer
    second = issued(_november(customer, 1), accountant)
    assert (sums(first), sums(second)) == ((-5, 0, 5, 0), (Decimal("2.5"), 0, Decimal("-2.5"), 0))
    assert balance(customer, "USD") == Decimal("2.5")

    with pytest.raises(CreditIsUsed, match=r"\$5.00 credit"):
        void(first, reason="Wrong", by=vera, at=LATER)
    assert Invoice.objects.get(pk=first.pk).state == "issued"
    void(second, reason="Wrong", by=vera, at=LATER)
    assert balance(customer, "USD") == 5
    void(first, reason="Wrong", by=vera, at=LATER)

    assert balance(customer, "USD") == 0
    told = [(str(each.credit), str(each.debit), each.amount) for each in Allocation.objects.order_by("pk")]
    carried, used = f"Invoice {first.number}", f"Invoice {second.number}"
    assert told == [
        (carried, used, Decimal("2.5")),
        (carried, used, Decimal("-2.5")),
        (f"Void of an invoice {second.number}", used, Decimal("2.5")),
        (carried, f"Void of an invoice {first.number}", 5),
    ]


def test_what_a_draft_would_carry_forward_is_no_credit_yet(accountant: User, vera: User) -> None:
    first = adjusted(a_draft(4), "-15", vera)

    assert sums(_november(first.customer, 1)) == (Decimal("2.5"), 0, 0, Decimal("2.5"))
    assert balance(first.customer, "USD") == 0


def _november(customer: Customer, quantity: int) -> Invoice:
    period = BillingPeriod.objects.create(
        customer=customer,
        label="2026-11",
        start_at=datetime(2026, 11, 1, tzinfo=UTC),
        end_at=datetime(2026, 12, 1, tzinfo=UTC),
    )
    received(period, quantity, at=datetime(2026, 11, 5, tzinfo=UTC))
    invoice = close(period, at=datetime(2026, 12, 2, tzinfo=UTC))
    assert invoice is not None
    return invoice


# --- Numbers of several companies -----------------------------------------------------------------


def test_each_of_our_companies_has_its_own_series_and_stands_on_its_invoices(accountant: User) -> None:
    gmbh = CompanyFactory.create(
        code="DE", name="Swatchyard GmbH", address="Berlin", number_prefix="RE/{year}/", number_digits=4
    )
    ours = [issued(a_draft(1, seller=seller), accountant) for seller in (gmbh, None, gmbh)]

    assert [invoice.number for invoice in ours] == ["RE/2026/0001", "INV-2026-000001", "RE/2026/0002"]
    assert [invoice.seller["name"] for invoice in ours] == ["Swatchyard GmbH", "Lead Billing Engine", "Swatchyard GmbH"]


# --- Flags ----------------------------------------------------------------------------------------


def flags(invoice: Invoice) -> list[tuple[str, str]]:
    return [(flag.code, flag.message) for flag in flags_of([invoice])[invoice.pk]]


def test_a_first_invoice_and_one_over_nothing_are_flagged() -> None:
    first = ("first", "The customer's first invoice")
    assert flags(a_draft(4)) == [first]
    zero = an_open_period()
    received(zero, 1, is_test=True)

    assert flags(billed(zero)) == [("zero", "Nothing is due"), first]


def test_a_total_far_from_the_last_months_and_a_new_kind_of_charge_are_flagged(accountant: User) -> None:
    first = issued(a_draft(4), accountant)
    same, far = _november(first.customer, 5), _november(a_draft(4).customer, 20)
    received(
        far.period.__class__.objects.create(
            customer=first.customer,
            label="2026-12",
            start_at=datetime(2026, 12, 1, tzinfo=UTC),
            end_at=datetime(2027, 1, 1, tzinfo=UTC),
        ),
        5,
        kind="quote_request",
        at=datetime(2026, 12, 5, tzinfo=UTC),
    )
    new = close(BillingPeriod.objects.get(label="2026-12"), at=datetime(2027, 1, 2, tzinfo=UTC))

    assert new is not None
    assert (flags(same), flags(far), flags(new)) == (
        [],
        [("unusual_total", "400% above the last invoice, $10.00")],
        [("new_action_types", "Charged for the first time: Quote request")],
    )
    assert flags_of([first]) == {}


def test_a_customer_with_actions_and_no_invoice_is_found(accountant: User, vera: User) -> None:
    a_draft(4)
    voided = issued(a_draft(4), accountant)
    void(voided, reason="Wrong", by=vera, at=LATER)
    an_open_period()

    assert list(without_invoice(BillingPeriod.objects.labeled("2026-10"))) == [voided.period]


def test_the_sums_of_the_product_hold_of_adjusted_and_void_invoices_and_of_credit(accountant: User, vera: User) -> None:
    issued(adjusted(a_draft(4), "-25", vera), accountant)
    void(issued(a_draft(4, tax_rate=10), accountant), reason="Wrong", by=vera, at=LATER)
    adjusted(a_draft(1, tax_exempt_reason="Reverse charge"), "3", vera)

    assert [found.number for found in invariants() if not found.holds] == []
