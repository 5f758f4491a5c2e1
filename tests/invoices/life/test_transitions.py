"""draft → approved → issued: permissions, numbers without gaps, and what can never change."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction

from invoices.domain.life.adjustments import adjust
from invoices.domain.life.batch import WrongState
from invoices.domain.life.close import close
from invoices.domain.life.transitions import approve, issue, send_back
from invoices.models import Invoice, InvoiceLine, NumberSeries
from leads.models import BillingPeriod, Customer, Tax
from tests.factories.leads import ActionFactory, ActionTypeFactory, agree
from tests.factories.people import UserFactory
from tests.factories.pricing import PriceRuleFactory
from tests.processes import at_once

NOW = datetime(2026, 11, 2, 3, tzinfo=UTC)


def drafted(count: int = 1) -> list[Invoice]:
    PriceRuleFactory.create(unit_price=Decimal("2.50"))
    ActionTypeFactory.create()
    ActionFactory.create_batch(count)
    return [invoice for period in BillingPeriod.objects.all() if (invoice := close(period, at=NOW))]


@pytest.fixture
def draft(db: None) -> Invoice:
    return drafted()[0]


def test_an_invoice_is_approved_and_then_issued(draft: Invoice, accountant: User, settings: LazySettings):
    settings.SELLER = {"name": "Swatchyard, Inc."}
    Customer.objects.update(time_zone="America/New_York")
    agree(draft.customer, payment_terms_days=30, legal_name="Acme, Inc.", address="1 Way")

    approved = approve(draft, by=accountant, at=NOW)
    issued = issue(approved, by=accountant, at=NOW)

    assert (approved.state, approved.approved_by, approved.approved_at) == ("approved", accountant, NOW)
    assert (issued.state, issued.number, issued.issued_by, issued.issued_at) == (
        "issued",
        "INV-2026-000001",
        accountant,
        NOW,
    )
    # In New York it is still the first of November.
    assert (issued.issued_on, issued.due_on) == (date(2026, 11, 1), date(2026, 12, 1))
    assert (issued.seller, issued.bill_to["name"], issued.bill_to["address"]) == (
        {"code": "", "name": "Swatchyard, Inc."},
        "Acme, Inc.",
        "1 Way",
    )


def test_each_step_wants_the_state_before_it(draft: Invoice, accountant: User):
    with pytest.raises(WrongState, match="is draft, not approved"):
        issue(draft, by=accountant, at=NOW)
    with pytest.raises(WrongState, match="is draft, not approved"):
        send_back(draft, by=accountant)
    approve(draft, by=accountant, at=NOW)
    with pytest.raises(WrongState, match="is approved, not draft"):
        approve(draft, by=accountant, at=NOW)
    assert send_back(draft, by=accountant).state == "draft"


def test_what_is_issued_keeps_the_customers_details_of_that_day(draft: Invoice, accountant: User):
    agree(draft.customer, legal_name="Old, Inc.")
    issue(approve(draft, by=accountant, at=NOW), by=accountant, at=NOW)

    agree(draft.customer, legal_name="New, Inc.")

    assert Invoice.objects.get().bill_to["name"] == "Old, Inc."


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE invoices_invoice SET total = 0, subtotal = 0",
        "UPDATE invoices_invoice SET number = 'INV-2026-000009'",
        "UPDATE invoices_invoice SET state = 'draft', number = NULL, issued_at = NULL, approved_at = NULL",
        "UPDATE invoices_invoice SET bill_to = '{}'",
        "UPDATE invoices_invoice SET state = 'void', voided_at = now(), voided_by_id = issued_by_id, void_reason = 'x',"
        " total = 0, subtotal = 0, tax = 0, credit = 0",
        "UPDATE invoices_invoice SET sent_at = now(), due_on = '2030-01-01'",
        "DELETE FROM invoices_invoice",
        "UPDATE invoices_invoicetax SET amount = 0",
        "DELETE FROM invoices_invoicetax",
        "INSERT INTO invoices_invoicetax (invoice_id, position, name, rate, categories, base, amount)"
        " SELECT id, 9, 'More', 1, '[]', 1, 1 FROM invoices_invoice",
        "UPDATE receivables_ledgerdocument SET amount = 0",
        "DELETE FROM receivables_posting",
        "UPDATE invoices_adjustment SET reason = 'another'",
        "DELETE FROM invoices_adjustment",
        "UPDATE leads_billingperiod SET state = 'open', closed_at = NULL",
        "UPDATE invoices_invoiceline SET amount = 0",
        "DELETE FROM invoices_invoiceline",
        "INSERT INTO invoices_invoiceline (invoice_id, position, kind, description, reason, late_from, actions, quantity,"
        " exact_amount, amount, detail) SELECT id, 99, 'charges', 'One more', '', '', 1, 1, 1, 1, '[]' FROM invoices_invoice",
    ],
)
def test_the_database_itself_refuses_to_change_what_is_issued(draft: Invoice, accountant: User, sql: str):
    agree(draft.customer, taxes=[Tax("VAT", Decimal(20)).as_stored()])
    adjust(draft, amount=Decimal(1), text="More", reason="Agreed", by=UserFactory.create(), at=NOW)
    issue(approve(draft, by=accountant, at=NOW), by=accountant, at=NOW)
    before = list(Invoice.objects.values()), list(InvoiceLine.objects.values())

    with (
        pytest.raises(
            IntegrityError,
            match=r"cannot be changed|only while it is a draft|Void the invoice to reopen the period|ledger never changes",
        ),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)

    assert (list(Invoice.objects.values()), list(InvoiceLine.objects.values())) == before


@pytest.mark.django_db
def test_a_number_that_was_taken_and_rolled_back_is_given_to_the_next(accountant: User):
    first, second = drafted(2)
    approve(first, by=accountant, at=NOW), approve(second, by=accountant, at=NOW)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        issue(first, by=accountant, at=NOW)
        raise ZeroDivisionError

    assert issue(second, by=accountant, at=NOW).number == "INV-2026-000001"
    assert issue(first, by=accountant, at=NOW).number == "INV-2026-000002"
    assert list(NumberSeries.objects.values_list("seller", "year", "last")) == [(None, 2026, 2)]


ISSUE = """
from django.contrib.auth.models import User
from billing_engine.core.errors import Refused
from invoices.domain.life.transitions import issue
from invoices.models import Invoice
by = User.objects.get()
for invoice in Invoice.objects.order_by({order!r}):
    try:
        issue(invoice, by=by, at=now())
    except Refused:
        pass
"""


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
def test_many_issued_at_once_get_numbers_without_a_gap_or_a_double():
    by = User.objects.create_user("frank")
    for invoice in drafted(40):
        approve(invoice, by=by, at=NOW)

    at_once(*(ISSUE.format(order=order) for order in ("pk", "-pk", "total", "customer")))

    numbers = sorted(Invoice.objects.values_list("number", flat=True))
    year = datetime.now(tz=UTC).year
    assert numbers == [f"INV-{year}-{number:06d}" for number in range(1, 41)]
