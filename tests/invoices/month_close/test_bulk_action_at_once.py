"""A bulk action notices what changes between selecting and locking an invoice, and skips it then."""

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction

from invoices.domain.month_close.bulk_action import start_bulk_action
from invoices.domain.month_close.close_month import create_missing_months
from invoices.models import BillingCycle, Invoice, InvoiceLine, InvoiceMail, SkippedInvoice
from tests.invoices.made import NOVEMBER_3, a_draft, issued
from tests.processes import at_once, fork, until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]

DO_NEXT = """
from invoices.domain.month_close.bulk_action import BULK_ACTIONS
BULK_ACTIONS.work({cycle}, at=now())
"""
SEND_ONCE = """
from billing_engine.core.errors import Refused
from django.contrib.auth.models import User
from invoices.domain.mail.request import send_once
from invoices.models import Invoice
try:
    send_once(Invoice.objects.get(), by=User.objects.get(), at=now())
except Refused as refusal:
    print(refusal.code)
"""


def october(action: BillingCycle.BulkAction, by: User) -> BillingCycle:
    create_missing_months()
    cycle = BillingCycle.objects.get(label="2026-10")
    start_bulk_action(cycle, action, by=by, at=NOVEMBER_3)
    return cycle


def test_a_draft_that_comes_to_stand_out_while_the_workers_reach_for_it_is_left_for_a_person(frank: User) -> None:
    invoice = a_draft(3)
    cycle = october(BillingCycle.BulkAction.APPROVE, frank)

    with transaction.atomic():
        Invoice.objects.select_for_update().get(pk=invoice.pk)
        worker = fork("from django.utils.timezone import now" + DO_NEXT.format(cycle=cycle.pk))
        until(_waits_for_a_row)
        InvoiceLine.objects.update(description="Sample orders \u2d63")  # no font has it
    assert worker.wait(60) == 0

    invoice.refresh_from_db()
    assert (invoice.state, list(SkippedInvoice.objects.values_list("code", flat=True))) == (
        "draft",
        ["draft_is_flagged"],
    )


def test_a_list_and_a_month_that_send_an_invoice_at_the_same_time_send_one_email(frank: User) -> None:
    issued(a_draft(3, billing_contacts=["books@ash.example"]), frank)
    cycle = october(BillingCycle.BulkAction.SEND, frank)

    at_once(SEND_ONCE, SEND_ONCE, DO_NEXT.format(cycle=cycle.pk))

    assert InvoiceMail.objects.count() == 1


def _waits_for_a_row() -> bool:
    """Whether a process of this test waits; the server shows those of other tests, too."""
    with connection.cursor() as cursor:
        cursor.execute("""
            SELECT count(*) FROM pg_locks waiting
             WHERE locktype IN ('tuple', 'transactionid') AND NOT granted AND EXISTS (
                   SELECT 1 FROM pg_locks held JOIN pg_database of ON of.oid = held.database
                    WHERE held.pid = waiting.pid AND of.datname = current_database())
        """)
        return bool(cursor.fetchone()[0])
