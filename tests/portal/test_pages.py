"""What customers read: sums that add up, no internal names, and nothing they may not do."""

import re
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.conf import LazySettings
from django.core import mail
from django.test import Client
from django.utils.html import strip_tags
from django.utils.timezone import now
from pytest_django import DjangoAssertNumQueries

from billing_engine.core.letters.colors import DARK, LIGHT, contrast, legible, parsed
from leads.domain.memberships.looks import begin_look
from leads.domain.memberships.portal import portal_of, show_contacts
from leads.domain.memberships.public_ids import public_id
from leads.models import Customer, MemberInvitation, MemberRole
from pricing.models import Charge
from receivables.models import Dispute, DisputeStep, LedgerDocument
from receivables.queries.customer_invoices import Standing, customer_invoices
from receivables.queries.owed import owed_by
from reports.queries.completeness import of_period
from tests.factories.people import UserFactory, superuser
from tests.portal.made import a_credit_note, a_person, an_invoice, home, logged_in
from tests.portal.rows import rows_of
from tests.portal.test_isolation import addresses, ids_in
from tests.receivables.made import a_document

pytestmark = pytest.mark.django_db


def words_of(client: Client, address: str) -> str:
    """The words of a page below its menu, on one line."""
    body = client.get(address).content.decode().partition("</header>")[2]
    return re.sub(r"\s+", " ", strip_tags(body.replace("<", " <")).replace("&#x27;", "'"))


def test_no_page_and_no_file_names_a_rule_or_shows_a_persons_address(northlight: Customer, rival: Customer) -> None:
    ids = ids_in(northlight, rows_of(northlight))
    client = logged_in(a_person(northlight, role=MemberRole.ADMINISTRATOR))

    for route in addresses(ids):
        answer = client.get(home(northlight) + route, {"charge": ids["charge"]})
        said = b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined]  # of a file
        for secret in (b"Internal margin", b"maren@studio-arden", rival.name.encode(), rival.code.encode()):
            assert secret not in said, (route, secret)


def test_contact_data_is_shown_if_it_was_agreed(northlight: Customer) -> None:
    invoice = an_invoice(northlight)
    charge = public_id(portal_of(northlight), Charge.objects.get(period=invoice.period, amount__gt=0))
    client = logged_in(a_person(northlight))
    assert "m•••@studio-arden.example" in words_of(client, f"{home(northlight)}charges/{charge}/")

    show_contacts(northlight, shown=True, by=superuser(), reason="Agreed in the contract")

    assert "maren@studio-arden.example" in words_of(client, f"{home(northlight)}charges/{charge}/")


def test_received_is_charged_and_included_and_not_charged_and_waiting(northlight: Customer) -> None:
    invoice = an_invoice(northlight, 3, 4)
    counts = of_period(invoice.period)
    said = words_of(
        logged_in(a_person(northlight)), f"{home(northlight)}invoices/{public_id(portal_of(northlight), invoice)}/"
    )

    assert (counts.received, counts.charged, counts.included, counts.not_charged, counts.waiting) == (3, 2, 0, 1, 0)
    assert counts.received == invoice.period.actions.count()
    assert "October 2026: 3 received = 2 charged + 0 included at $0.00 + 1 not charged + 0 waiting" in said


def test_an_invoice_says_what_was_paid_credited_disputed_and_is_to_pay(northlight: Customer) -> None:
    rows = rows_of(northlight)  # $30.00, of which $7.50 is disputed and $1.00 credited
    invoice = rows["invoice"]
    client = logged_in(a_person(northlight))

    [found] = customer_invoices(northlight, on=northlight.today)
    said = words_of(client, f"{home(northlight)}invoices/{public_id(portal_of(northlight), invoice)}/")

    assert (found.owed, found.left, found.disputed, found.to_pay) == tuple(
        map(Decimal, ("30.00", "29.00", "7.50", "21.50"))
    )
    assert found.standing is Standing.OPEN
    assert owed_by(northlight, on=northlight.today).to_pay == found.to_pay
    assert "To pay $21.50 by" in said
    assert "Open $29.00 Set aside, disputed −$7.50" in said


def test_a_payment_beside_a_credit_makes_it_paid_and_credit_alone_credited(northlight: Customer) -> None:
    an_invoice(northlight, 4)
    a_credit_note(customer_invoices(northlight, on=northlight.today)[0].invoice, "10.00")

    [found] = customer_invoices(northlight, on=northlight.today)

    assert (found.left, found.standing) == (Decimal("0.00"), Standing.CREDITED)
    assert "Credited Nov 5" in words_of(logged_in(a_person(northlight)), f"{home(northlight)}invoices/")


def test_tabs_count_and_add_up_their_invoices(northlight: Customer) -> None:
    an_invoice(northlight, 4)

    said = words_of(logged_in(a_person(northlight)), f"{home(northlight)}invoices/")

    assert (
        "All 1 · $10.00 Open 1 · $10.00 Overdue 0 · $0.00 Paid 0 · $0.00 Void 0 · $0.00 Credit notes 0 · $0.00" in said
    )


def test_the_statement_of_the_page_closes_with_what_is_open(northlight: Customer) -> None:
    an_invoice(northlight, 4)
    a_document(northlight, LedgerDocument.Kind.PAYMENT, "3.00", reference="ACH 1")
    said = words_of(logged_in(a_person(northlight)), f"{home(northlight)}payments/")

    assert "Credit not used yet: $3.00" in said
    assert "Closing balance $10.00 $3.00 $7.00" in said


def test_a_page_of_charges_asks_the_database_as_often_for_many_as_for_one(
    northlight: Customer, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    rows = rows_of(northlight)
    an_id = public_id(portal_of(northlight), rows["line"])
    client = logged_in(a_person(northlight))
    client.get(home(northlight))

    with django_assert_max_num_queries(30):
        assert client.get(f"{home(northlight)}lines/{an_id}/").status_code == 200


def test_a_billing_contact_disputes_a_charge_follows_and_withdraws_it(northlight: Customer) -> None:
    invoice = an_invoice(northlight, 3, 4)
    [first, _] = Charge.objects.filter(period=invoice.period, amount__gt=0).order_by("pk")
    client = logged_in(a_person(northlight, role=MemberRole.BILLING))
    address = f"{home(northlight)}disputes/open/?charge={public_id(portal_of(northlight), first)}"
    said = words_of(client, address)
    assert "Disputed $7.50" in said

    no_reason = client.post(address, {"words": "They bounced."})
    assert (no_reason.status_code, Dispute.objects.count()) == (400, 0)
    reason = re.search(
        r'name="reason"\s+value="(\d+)"[^>]*?>\s*<label[^>]*><span><b>Duplicate', client.get(address).content.decode()
    )
    assert reason
    sent = client.post(address, {"reason": reason[1], "words": "They bounced."}, follow=True)
    assert "Dispute sent." in sent.content.decode()
    [dispute] = Dispute.objects.all()
    assert (dispute.contact, dispute.amount, dispute.charges.get().action_id) == (
        "imo@northlight.example",
        Decimal("7.50"),
        first.pk,
    )

    page = sent.redirect_chain[-1][0]
    client.post(page, {"act": "answer", "words": "One more thing."})
    client.post(page, {"act": "withdraw"})
    dispute.refresh_from_db()
    assert dispute.state == Dispute.State.WITHDRAWN
    kinds = DisputeStep.objects.filter(dispute=dispute).order_by("pk").values_list("kind", flat=True)
    assert list(kinds) == ["opened", "answered", "withdrawn"]
    assert client.post(page, {"act": "answer", "words": "Late."}).status_code == 409


def test_an_administrator_invites_and_others_do_not(northlight: Customer) -> None:
    boss = logged_in(a_person(northlight, role=MemberRole.ADMINISTRATOR))
    asked = {"name": "Perrin Oldacre", "email": "perrin@northlight.example", "role": "viewer"}
    address = f"{home(northlight)}settings/invite/"
    other = logged_in(a_person(northlight, role=MemberRole.BILLING, email="other@northlight.example"))

    assert other.post(address, asked).status_code == 404
    assert "Invite a person" not in words_of(other, f"{home(northlight)}settings/")
    assert boss.post(address, asked).status_code == 302
    assert boss.post(address, asked).status_code == 400  # once

    assert [(message.to, MemberInvitation.objects.count()) for message in mail.outbox] == [([asked["email"]], 1)]
    assert "link works until" in words_of(boss, f"{home(northlight)}settings/")


def test_each_look_by_staff_is_listed_to_the_customer(northlight: Customer) -> None:
    by = UserFactory.create(first_name="Frank", last_name="Ledger")
    begin_look(northlight, by=by, reason="Call about September", at=now())

    said = words_of(logged_in(a_person(northlight)), f"{home(northlight)}settings/looks/")

    assert "Nov 10, 2026, 06:00 CST Frank Ledger Nov 10, 2026, 06:00 CST Call about September" in said


def test_activity_is_the_customers_own_and_its_figures_are_those_of_the_invoice(
    northlight: Customer, rival: Customer
) -> None:
    an_invoice(northlight, 3, 4)
    an_invoice(rival, 100)
    client = logged_in(a_person(northlight))

    said = words_of(client, f"{home(northlight)}activity/?first=2026-10-01&last=2026-10-31")
    rows = words_of(client, f"{home(northlight)}activity/?first=2026-10-01&last=2026-10-31&show=rows")
    odd = client.get(f"{home(northlight)}activity/?first=never")

    assert "Happened in these days 3" in said
    assert "October's invoice before tax equal to the cent" in said
    assert said.count("$17.50") >= 2
    assert rows.count("Why $") == 3
    assert "Write days as" in odd.content.decode()


def test_the_companys_color_is_a_sheet_that_is_loaded_only_if_there_is_one(
    northlight: Customer, settings: LazySettings
) -> None:
    client = logged_in(a_person(northlight))
    pages = [home(northlight), "/portal/log-in/second-factor/"]
    assert [client.get(page).content.count(b"style.css") for page in pages] == [0, 0]

    settings.PORTAL_COLOR = "#24489a"

    assert [client.get(page).content.count(b"style.css") for page in pages] == [1, 1]


def test_the_days_of_the_portal_are_the_customers(northlight: Customer) -> None:
    assert northlight.day_of(datetime(2026, 11, 1, 3, tzinfo=UTC)).day == 31


@pytest.mark.parametrize("color", ["#24489a", "#ffff00", "#777777", "#000000", "#ffffff"])
def test_a_color_that_cannot_be_read_is_made_darker_or_lighter(color: str) -> None:
    for card in (LIGHT, DARK):
        assert contrast(legible(parsed(color), on=card), card) >= 4.5
    assert legible(parsed("#24489a"), on=LIGHT) == parsed("#24489a")
