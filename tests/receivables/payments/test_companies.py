"""Money of one company of ours never settles what a customer owes to another."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from billing_engine.core.calendar.spans import Month
from invoices.domain.life.adjustments import adjust
from invoices.domain.life.close import close
from invoices.domain.life.transitions import approve, issue
from leads.models import Company, Customer
from pricing.domain.rate.rate import rate
from receivables.domain.ledger.allocations import Match, NotAMatch, match
from receivables.domain.payments.allocate import NothingToAllocate, allocate
from receivables.domain.payments.record import OtherCompany, Received, record_payment
from receivables.models import Allocation, BankAccount, LedgerDocument
from tests.factories.leads import BillingPeriodFactory, CompanyFactory, CustomerFactory, agree
from tests.factories.people import UserFactory
from tests.invoices.made import a_draft, issued, received
from tests.receivables.made import AT, a_document
from tests.receivables.payments.banks import an_account, an_invoice, camt, entry, rows_of, uploaded
from tests.receivables.payments.test_payments import TODAY, left

pytestmark = pytest.mark.django_db
Kind = LedgerDocument.Kind
DECEMBER = datetime(2026, 12, 2, tzinfo=UTC)


def owed(customer: Customer, amount: int, seller: Company | None) -> LedgerDocument:
    return a_document(customer, Kind.REFUND, amount, seller=seller)


def paid(
    customer: Customer, account: BankAccount | None, settles: list[LedgerDocument] | None = None
) -> LedgerDocument:
    received = Received(customer=customer, on=TODAY, amount=Decimal(50), reference="thanks", account=account)
    return record_payment(received, by=UserFactory.create(), at=AT, settles=settles)


def test_two_items_of_different_companies_are_never_matched():
    customer, ours = CustomerFactory.create(), CompanyFactory.create()
    credit, debit = a_document(customer, Kind.PAYMENT, 50, seller=ours), owed(customer, 50, None)

    with pytest.raises(NotAMatch, match="of different companies of ours"):
        match([Match(credit, debit, Decimal(50))], on=TODAY, at=AT)
    with pytest.raises(IntegrityError, match="same customer, company and currency"), transaction.atomic():
        whose = {"customer": customer, "currency": debit.currency, "due_on": debit.due_on or debit.posted_on}
        Allocation.objects.create(credit=credit, debit=debit, amount=50, posted_on=TODAY, recorded_at=AT, **whose)
    with pytest.raises(NothingToAllocate):
        allocate(credit, by=UserFactory.create(), at=AT)

    assert left(credit, debit) == [50, 50]


def test_a_payment_belongs_to_the_company_whose_account_it_reached_or_whose_item_it_settles_first():
    customer, ours = CustomerFactory.create(), CompanyFactory.create()
    theirs, other = owed(customer, 30, ours), owed(customer, 30, None)

    to_settings = paid(customer, an_account())
    by_choice = paid(customer, None, [theirs])

    assert (to_settings.seller_id, by_choice.seller_id) == (None, ours.pk)
    assert left(theirs, other, to_settings, by_choice) == [0, 0, 20, 20]


def test_a_payment_for_items_of_two_companies_is_refused_and_nothing_is_posted():
    customer, ours = CustomerFactory.create(), CompanyFactory.create()
    theirs, other = owed(customer, 30, ours), owed(customer, 30, None)

    with pytest.raises(OtherCompany, match="Refund refund 30: owed to another company"):
        paid(customer, None, [theirs, other])
    with pytest.raises(OtherCompany):
        paid(customer, an_account(), [theirs])

    assert LedgerDocument.objects.filter(kind=Kind.PAYMENT).count() == 0
    assert left(theirs, other) == [30, 30]


def test_a_row_of_one_companys_account_names_no_invoice_of_another():
    customer, ours = CustomerFactory.create(), CompanyFactory.create()
    an_account(seller=ours)
    an_invoice("INV-2026-000398", 50, customer)

    [named, same_sum] = rows_of(uploaded(camt(entry("50", "INV-2026-000398"), entry("50", bank="B2"), closing="100")))

    assert (named.certainty, named.why) == ("", "INV-2026-000398 is owed to another company than this account's")
    assert (same_sum.certainty, same_sum.why) == ("", "No open invoice has this number or sum")


def test_an_invoice_uses_no_credit_that_its_customer_has_with_another_company():
    by, other, ours = UserFactory.create(), UserFactory.create(), CompanyFactory.create()
    draft = a_draft(4)
    adjust(draft, amount=Decimal(-15), text="Goodwill", reason="Agreed", by=other, at=AT)
    draft.refresh_from_db()
    first = issued(draft, by)
    period = BillingPeriodFactory.create(customer=first.customer, month=Month(2026, 11))
    agree(first.customer, first_day=period.start_at.date(), seller=ours)
    received(period, 1, at=datetime(2026, 11, 5, tzinfo=UTC))
    rate(period, at=DECEMBER)
    second = close(period, at=DECEMBER)
    assert second is not None

    assert (second.subtotal, second.credit) == (Decimal("2.5"), 0)
    issue(approve(second, by=by, at=DECEMBER), by=by, at=DECEMBER)

    credit, debit = (each.ledger_documents.get() for each in (first, second))
    assert (credit.seller_id, debit.seller_id) == (None, ours.pk)
    assert left(credit, debit) == [5, Decimal("2.5")]
