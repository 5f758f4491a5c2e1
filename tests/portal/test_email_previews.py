"""Staff see each kind of email before it goes out: as HTML on a phone and a desk, and as text."""

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from leads.domain.memberships.invitations import invite
from leads.models import Customer, MemberRole
from portal.admin.email_previews import kinds
from receivables.models import TopicEmail
from tests.factories.people import superuser, with_role
from tests.portal.rows import rows_of

pytestmark = pytest.mark.django_db
PAGE = "admin:email_previews"


def shown(kind: str) -> str:
    browser = Client()
    browser.force_login(with_role("Viewer"))
    answer = browser.get(reverse(PAGE), {"kind": kind})
    assert answer.status_code == 200
    return answer.content.decode()


def test_every_kind_is_shown_with_the_latest_row_and_nothing_is_sent(northlight: Customer) -> None:
    rows = rows_of(northlight)
    told = TopicEmail.objects.count()

    letters = {code: kind.latest() for code, kind in kinds().items()}
    assert {code: letter.subject for code, letter in letters.items() if letter} == {
        "invoice": f"Invoice {rows['invoice']}, October 2026: $30.00 USD due December 3, 2026",
        "credit-note": f"Credit note {rows['note']} for invoice {rows['invoice']}",
        "dispute-opened": f"Dispute {rows['dispute']} received: $7.50",
        "invitation": "You are invited to the billing portal of Northlight Carpet Mills",
        "password": "Set a new password for the billing portal of Lead Billing Engine",
    }
    page = shown("dispute-opened")
    assert page.count("<iframe") == 2
    assert 'sandbox=""' in page
    assert "We received your dispute of 1 charge of invoice" in page
    assert "nothing to show it with yet" in shown("statement")
    assert (mail.outbox, TopicEmail.objects.count()) == ([], told)


def test_a_hostile_name_stays_inside_the_frame(northlight: Customer) -> None:
    name = 'A"></iframe><script>alert(1)</script>'
    invite(northlight, email="q@x.example", name=name, role=MemberRole.VIEWER, by=superuser(), at=northlight.created_at)

    page = shown("invitation")

    assert "<script>alert(1)" not in page
    assert "&amp;lt;script&amp;gt;alert(1)" in page  # escaped in the email, and once more in the attribute
