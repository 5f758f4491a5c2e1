"""What is disputed is said on the statement and on the invoice; a note leads to its dispute and back."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from receivables.admin.credit_notes.invoice_panel import account_of
from receivables.domain.disputes.deciding import accept
from receivables.domain.statements.content import content_of
from receivables.domain.statements.statement import statement
from receivables.models import CreditNote
from tests.factories.people import with_role
from tests.invoices.made import NOVEMBER_3, a_draft, issued
from tests.receivables.disputes.made import a_dispute

pytestmark = pytest.mark.django_db


def test_todays_statement_and_the_invoice_say_what_is_disputed(frank: User) -> None:
    invoice = issued(a_draft(3), frank)
    dispute = a_dispute(invoice)

    today = invoice.customer.today
    found = statement(invoice.customer, first=NOVEMBER_3.date(), last=today)
    assert [each.disputed for each in found.open_debits] == [Decimal("7.50")]
    assert content_of(found).summary.endswith("$7.50 disputed")
    earlier = statement(
        invoice.customer, first=NOVEMBER_3.date(), last=min(today - timedelta(days=1), NOVEMBER_3.date())
    )
    assert earlier.disputed == 0

    panel = account_of(invoice)
    assert panel is not None
    assert [(fact.label, fact.value, fact.name) for fact in panel.facts] == [
        ("Issued for", "$7.50", ""),
        ("Outstanding", "$7.50", ""),
        ("Disputed", "$7.50", str(dispute)),
        ("To pay now", "$0.00", ""),
    ]


def test_a_credit_note_and_its_dispute_lead_to_each_other(client: Client, frank: User) -> None:
    dispute = a_dispute(issued(a_draft(3), frank))
    accept(dispute, words="They bounced.", by=frank, at=now())
    note = CreditNote.objects.get()
    pages = {
        "note": reverse("admin:receivables_creditnote_change", args=[note.pk]),
        "dispute": reverse("admin:receivables_dispute_change", args=[dispute.pk]),
    }

    client.force_login(with_role("Finance"))
    assert f'href="{pages["dispute"]}"' in client.get(pages["note"]).content.decode()
    assert f'href="{pages["note"]}"' in client.get(pages["dispute"]).content.decode()
