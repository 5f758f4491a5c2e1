"""The desk: from a line or charges to a dispute, its page, and the decisions."""

from decimal import Decimal
from io import BytesIO

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from leads.models import Lead
from pricing.domain.rate.rate import rate
from receivables.domain.disputes.subject import subject_of_charges
from receivables.models import CreditNote, Dispute, DisputeFile, Reason
from tests.factories.leads import CustomerFactory
from tests.factories.people import with_role
from tests.invoices.made import IN_SEPTEMBER, NOVEMBER_3, a_draft, a_price, an_open_period, billed, issued, received
from tests.receivables.disputes.made import a_dispute, a_reason, charges_of, line_of, of_charges

pytestmark = pytest.mark.django_db
OPEN = "/admin/receivables/disputes/open/"
LIST = "/admin/receivables/dispute/"


def test_a_line_leads_to_the_page_that_disputes_it_or_chosen_charges(finance: Client, frank: User) -> None:
    invoice = issued(a_draft(3, 5), frank)
    line = line_of(invoice)

    page = finance.get(reverse("admin:invoices_invoiceline_change", args=[line.pk])).content.decode()

    assert f'{OPEN}?line={line.pk}"' in page
    assert page.count('name="charge"') == 2
    viewer = Client()
    viewer.force_login(with_role("Viewer"))
    seen = viewer.get(reverse("admin:invoices_invoiceline_change", args=[line.pk])).content.decode()
    assert OPEN not in seen
    assert viewer.get(f"{OPEN}?line={line.pk}").status_code == 403


def test_before_it_is_opened_the_page_shows_amounts_windows_quota_and_clock(finance: Client, frank: User) -> None:
    period = an_open_period(tax_rate=7, dispute_quota=Decimal(50))
    a_price()
    received(period, 4)
    a_reason(window_days=7)
    line = line_of(issued(billed(period), frank))

    page = finance.get(f"{OPEN}?line={line.pk}").content.decode()

    for shown in (
        "$10.00",
        "$0.70",
        "$10.70",
        "$10.00 of $5.00",
        "above the quota",
        "ended November 10, 2026",
        "until December 3, 2026",
        "decided by",
    ):
        assert shown in page
    assert "A bounce message" in page


def test_a_dispute_is_opened_with_files_which_come_back_byte_for_byte(finance: Client, frank: User) -> None:
    line = line_of(issued(a_draft(3), frank))
    file = BytesIO(b"%PDF-1.7 \x00 bounced")
    file.name = "bounce.pdf"

    answer = finance.post(
        f"{OPEN}?line={line.pk}",
        {"reason": a_reason("goodwill").pk, "words": "They called.", "files": file},
    )

    dispute = Dispute.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"{LIST}{dispute.pk}/change/")
    got = finance.get(reverse("admin:receivables_dispute_file", args=[DisputeFile.objects.get().pk]))
    assert (got.content, got["Content-Disposition"], got["X-Content-Type-Options"]) == (
        b"%PDF-1.7 \x00 bounced",
        'attachment; filename="bounce.pdf"',
        "nosniff",
    )
    again = finance.get(f"{OPEN}?line={line.pk}").content.decode()
    assert f"{dispute} (open)" in again


def test_a_refused_file_is_told_on_the_page_and_nothing_is_opened(finance: Client, frank: User) -> None:
    line = line_of(issued(a_draft(3), frank))
    file = BytesIO(b"MZ")
    file.name = "a.exe"

    page = finance.post(f"{OPEN}?line={line.pk}", {"reason": a_reason("goodwill").pk, "words": "", "files": file})

    assert "a.exe: send PDF, PNG, JPEG, EML or TXT." in page.content.decode()
    assert not Dispute.objects.exists()


def test_charges_of_an_open_period_are_chosen_in_the_list_of_charges(finance: Client) -> None:
    period = an_open_period()
    a_price()
    received(period, 2, 4)
    rate(period, at=NOVEMBER_3)
    chosen = charges_of(period)

    answer = finance.post(
        "/admin/pricing/charge/", {"action": "dispute_chosen", "_selected_action": [str(each) for each in chosen]}
    )

    assert answer.status_code == 302
    assert "Before the invoice" in finance.get(answer["Location"]).content.decode()


def test_the_page_shows_our_own_trail_and_nothing_of_other_customers(finance: Client, frank: User) -> None:
    a_price()
    period = an_open_period()
    received(period, 4, email="ann@oak.example", person_key="ann@oak.example")
    received(period, 1, email="ann@oak.example", person_key="ann@oak.example", external_id="EARLIER", at=IN_SEPTEMBER)
    other = an_open_period()
    received(other, 1, email="ann@oak.example", person_key="ann@oak.example", external_id="OF-ANOTHER")
    for each in (period, other):
        rate(each, at=NOVEMBER_3)
    late = Lead.objects.exclude(external_id__in=["EARLIER", "OF-ANOTHER"]).get().actions.get()
    dispute = a_dispute(subject_of_charges([late.pk]))
    page = finance.get(f"{LIST}{dispute.pk}/change/").content.decode()

    assert "1 other action of this person" in " ".join(page.split())
    assert "1 charged earlier for the same" in " ".join(page.split())
    assert other.customer.name not in page
    for shown in ("They bounced.", "Sent by", "$10.00", "delivery"):
        assert shown in page


def test_accepting_in_the_dialog_drafts_a_credit_note_for_the_chosen_charges(finance: Client, frank: User) -> None:
    invoice = issued(a_draft(3, 5), frank)
    dispute = a_dispute(invoice)
    first = charges_of(invoice.period)[0]
    address = reverse("admin:receivables_dispute_accept_in_part", args=[dispute.pk])

    assert finance.get(address).content.decode().count('name="accepted"') == 2
    finance.post(address, {"accepted": [first], "words": "One bounced."})

    dispute.refresh_from_db()
    assert (dispute.state, CreditNote.objects.get().subtotal) == ("in_part", Decimal("7.5"))
    assert "Credit note" in finance.get(f"{LIST}{dispute.pk}/change/").content.decode()


def test_buttons_are_there_while_the_state_allows_them(finance: Client, frank: User) -> None:
    dispute = a_dispute(issued(a_draft(3), frank))
    names = ("accept", "reject", "ask", "add", "withdraw", "second_look")

    def offered() -> list[str]:
        page = finance.get(f"{LIST}{dispute.pk}/change/").content.decode()
        return [name for name in names if reverse(f"admin:receivables_dispute_{name}", args=[dispute.pk]) in page]

    assert offered() == ["accept", "reject", "ask", "add", "withdraw"]
    finance.post(reverse("admin:receivables_dispute_ask", args=[dispute.pk]), {"words": "Send the bounce."})
    assert offered() == ["accept", "reject", "add", "withdraw"]
    finance.post(reverse("admin:receivables_dispute_add", args=[dispute.pk]), {"words": "Here."})
    finance.post(reverse("admin:receivables_dispute_reject", args=[dispute.pk]), {"words": "It works."})
    assert offered() == ["second_look"]
    finance.post(reverse("admin:receivables_dispute_second_look", args=[dispute.pk]), {"words": "Look again."})
    assert offered() == ["accept", "reject", "add", "withdraw"]
    finance.post(reverse("admin:receivables_dispute_withdraw", args=[dispute.pk]), {"words": ""})
    assert offered() == []


def test_finance_adds_words_and_files_at_any_open_step(finance: Client, frank: User) -> None:
    dispute = a_dispute(issued(a_draft(3), frank))
    address = reverse("admin:receivables_dispute_add", args=[dispute.pk])
    finance.post(reverse("admin:receivables_dispute_ask", args=[dispute.pk]), {"words": "Send the bounce."})

    shown = finance.get(address).content.decode()
    neither = finance.post(address, {"words": ""}).content.decode()
    wrong = finance.post(address, {"evidence": SimpleUploadedFile("bounce.exe", b"MZ")}).content.decode()
    assert DisputeFile.objects.count() == 0
    finance.post(address, {"words": "By phone.", "evidence": SimpleUploadedFile("bounce.txt", b"550 unknown user")})

    assert "Add words or files" in shown
    assert "multipart/form-data" in shown
    assert "Add words or a file." in neither
    assert "bounce.exe: send" in wrong
    assert list(DisputeFile.objects.values_list("name", "step__words", "step__by")) == [
        ("bounce.txt", "By phone.", frank.pk)
    ]
    dispute.refresh_from_db()
    assert dispute.state == "open"  # what we waited for is here


def test_many_are_decided_after_a_dry_run(finance: Client, frank: User) -> None:
    a_price()
    disputes = []
    for quantity in (2, 4):
        period = an_open_period()
        received(period, quantity)
        rate(period, at=NOVEMBER_3)
        disputes.append(a_dispute(of_charges(period)))
    asked = {"action": "accept_chosen", "_selected_action": [str(each.pk) for each in disputes]}

    assert "Show what happens" in finance.post(LIST, asked).content.decode()
    dry = finance.post(LIST, asked | {"words": "You are right."}).content.decode()
    assert "1 action excluded from the invoice, $5.00 before tax." in dry
    assert set(Dispute.objects.values_list("state", flat=True)) == {"open"}
    finance.post(LIST, asked | {"words": "You are right.", "confirmed": "1"})
    assert set(Dispute.objects.values_list("state", flat=True)) == {"accepted"}


def test_the_queue_filters_by_state_customer_source_and_reason(finance: Client, frank: User) -> None:
    invoice = issued(a_draft(3, 5), frank)
    dispute = a_dispute(invoice)
    lead = Lead.objects.get()

    for asked in (
        "state__exact=open",
        f"customer__id__exact={invoice.customer_id}",
        f"charges__action__lead__source__id__exact={lead.source_id}",
        f"reason__id__exact={dispute.reason_id}",
        f"q={invoice.number}",
    ):
        assert finance.get(f"{LIST}?{asked}").content.decode().count(f"{LIST}{dispute.pk}/change/") == 1, asked
    for asked in ("state__exact=rejected", f"customer__id__exact={CustomerFactory.create().pk}"):
        assert str(dispute) not in finance.get(f"{LIST}?{asked}").content.decode()


def test_a_reason_is_changed_and_its_code_stays(finance: Client) -> None:
    reason = a_reason()
    page = f"/admin/receivables/reason/{reason.pk}/change/"
    given = {"name": "Dead contact", "explanation": "", "evidence": "A bounce.", "is_active": "on", "window_days": "7"}

    alone = {"decided_alone_up_to": "100", "decided_alone_currency": "USD"}
    for wrong in ({**alone, "decided_alone_currency": ""}, {**alone, "decided_alone_currency": "XXX"}):
        finance.post(page, {**given, **wrong, "decide_within_days": "5"})
        assert a_reason().name == "Invalid contact"
    finance.post(page, {**given, **alone, "decide_within_days": "5", "code": "other"})

    reason.refresh_from_db()
    assert (reason.decided_alone_up_to, reason.decided_alone_currency) == (100, "USD")
    assert (reason.name, reason.code, reason.window_days, reason.decide_within_days) == (
        "Dead contact",
        "invalid_contact",
        7,
        5,
    )
    assert Reason.objects.count() == 14
