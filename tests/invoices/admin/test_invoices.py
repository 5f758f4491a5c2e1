"""Invoices in the admin: what finance sees and can do."""

import re
from decimal import Decimal
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from invoices.admin.invoice.page import charges_of
from invoices.domain.document import typeset
from invoices.domain.document.content import content_of
from invoices.domain.life.adjustments import adjust
from invoices.domain.life.reopen import void
from invoices.models import Invoice, InvoiceDocument
from leads.models import BillingPeriod
from tests.factories.people import UserFactory, with_role
from tests.factories.pricing import graduated
from tests.invoices.made import (
    IN_SEPTEMBER,
    NOVEMBER_3,
    a_draft,
    a_price,
    an_open_period,
    approved,
    billed,
    issued,
    printed,
    received,
    texts_of,
)

pytestmark = pytest.mark.django_db

LIST = "admin:invoices_invoice_changelist"
ACTS = (
    *("approve", "ask_to_approve", "issue", "send_back", "adjust", "withdraw", "regenerate"),
    *("reopen", "ask_to_reopen", "void", "ask_to_void"),
    *("make_pdf_again", "preview_pdf", "download_pdf", "download_ubl", "download_void_pdf"),
)


def page(invoice: Invoice, act: str = "change") -> str:
    return reverse(f"admin:invoices_invoice_{act}", args=[invoice.pk])


def shown(response: HttpResponse) -> str:
    assert response.status_code == 200
    return unescape(response.content.decode())


def told(response: HttpResponse) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def offered(browser: Client, invoice: Invoice) -> list[str]:
    html = shown(browser.get(page(invoice)))
    return [act for act in ACTS if f'href="{page(invoice, act)}"' in html]


def switched_off(browser: Client, invoice: Invoice) -> dict[str, str]:
    """The buttons that are disabled for this user, each with the reason."""
    html = shown(browser.get(page(invoice)))
    found = re.findall(r'class="lb-action-off" title="([^"]*)">.*?</span>\s*([^<]+?)\s*</span>', html, re.DOTALL)
    return {label: words for words, label in found}


def test_a_draft_can_be_approved_adjusted_regenerated_or_deleted(finance: Client) -> None:
    assert offered(finance, a_draft()) == ["approve", "adjust", "regenerate", "reopen", "preview_pdf"]


def test_what_is_approved_can_be_issued_or_sent_back(finance: Client, frank: User) -> None:
    invoice = approved(a_draft(), frank)

    assert offered(finance, invoice) == ["issue", "send_back", "ask_to_reopen", "preview_pdf"]
    assert switched_off(finance, invoice) == {}
    finance.force_login(with_role("Finance"))
    assert offered(finance, invoice) == ["issue", "send_back", "reopen", "preview_pdf"]


def test_what_is_issued_can_only_be_downloaded_or_voided(finance: Client, frank: User) -> None:
    invoice = issued(a_draft(), frank)

    assert offered(finance, invoice) == ["ask_to_void", "download_pdf"]
    assert switched_off(finance, invoice) == {}
    finance.force_login(with_role("Finance"))
    assert offered(finance, invoice) == ["void", "download_pdf"]


def test_what_is_void_can_only_be_downloaded(finance: Client, frank: User) -> None:
    invoice = void(issued(a_draft(), frank), reason="Wrong", by=UserFactory.create(), at=NOVEMBER_3)

    assert offered(finance, invoice) == ["download_pdf", "download_void_pdf"]


def test_who_may_only_look_gets_no_button_that_changes_anything(viewer: Client, frank: User) -> None:
    draft = a_draft()

    assert offered(viewer, draft) == ["preview_pdf"]
    for act in ("approve", "issue", "send_back", "adjust", "regenerate", "reopen", "void"):
        assert viewer.post(page(draft, act)).status_code == 403
    assert Invoice.objects.get().state == "draft"


def test_approved_issued_and_downloaded_from_its_page(finance: Client, frank: User) -> None:
    invoice = a_draft()

    assert "Approve" in shown(finance.get(page(invoice, "approve")))
    assert told(finance.post(page(invoice, "approve"))) == ["Approved. It can be issued now."]
    assert told(finance.post(page(invoice, "issue")))[-1] == "Issued as INV-2026-000001."
    assert told(finance.get(page(invoice, "download_pdf")))[-1] == "The PDF is being made. Try again in a moment."
    invoice.refresh_from_db()
    kept = printed(invoice)
    answer = finance.get(page(invoice, "download_pdf"))

    assert (invoice.approved_by, invoice.issued_by) == (frank, frank)
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == 'attachment; filename="INV-2026-000001.pdf"'
    assert answer.content == bytes(kept.content)


def test_a_refusal_is_shown_in_its_dialog(finance: Client, frank: User) -> None:
    invoice = issued(a_draft(), frank)

    answer = finance.post(page(invoice, "regenerate"))

    assert "This invoice is issued, not draft." in shown(answer)
    assert Invoice.objects.get().state == "issued"


def test_reopened_by_a_second_person_with_a_reason(finance: Client, frank: User) -> None:
    invoice = approved(a_draft(), frank)

    refused = finance.post(page(invoice, "reopen"), {"reason": "Wrong price"})
    finance.force_login(with_role("Finance"))
    answer = finance.post(page(invoice, "reopen"), {"reason": "Wrong price"})

    assert "You worked on this invoice, so another person must reopen its period." in shown(refused)
    assert answer["Location"] == reverse(LIST)
    assert not Invoice.objects.exists()
    assert BillingPeriod.objects.get().is_open


def test_adjusted_withdrawn_and_approved_by_another_person(finance: Client, frank: User) -> None:
    invoice = a_draft(4)
    goodwill = {"amount": "-2.50", "text": "Goodwill", "reason": "Late delivery"}

    assert told(finance.post(page(invoice, "adjust"), goodwill)) == ["AdjustmentLine."]
    assert "withdraw" in offered(finance, invoice)
    finance.post(page(invoice, "adjust"), goodwill | {"text": "Twice"})
    line = invoice.lines.get(description="Twice")
    assert told(finance.post(page(invoice, "withdraw"), {"line": line.pk}))[-1] == "Adjustment withdrawn."
    refused = finance.post(page(invoice, "approve"))

    assert "You worked on this adjusted invoice, so another person must approve it." in shown(refused)
    said = shown(finance.get(page(invoice)))
    assert ("Goodwill" in said, "<del>Twice</del>" in said, "Late delivery" in said) == (True, True, True)
    invoice.refresh_from_db()
    assert (invoice.state, invoice.total) == ("draft", Decimal("7.5"))


def test_regenerated_from_its_page(finance: Client) -> None:
    invoice = a_draft(4)

    answer = finance.post(page(invoice, "regenerate"))

    fresh = Invoice.objects.get()
    assert answer["Location"] == page(fresh)
    assert told(answer) == ["Regenerated: $10.00 before, $10.00 now."]


def test_voided_from_its_page_and_shown_as_void(finance: Client, frank: User) -> None:
    invoice = issued(a_draft(), UserFactory.create())

    answer = finance.post(page(invoice, "void"), {"reason": "Wrong address"})

    assert told(answer) == [f"INV-2026-000001 is void. {invoice.period} is open again."]
    said = shown(finance.get(page(invoice)))
    assert ("VOID" in said, "Wrong address" in said) == (True, True)


@pytest.mark.parametrize(
    ("amounts", "words"),
    [
        ((), "be billed again. The person who issued the invoice cannot void it."),
        (
            ("-0.40",),
            "Its adjustment of -$0.40 moves to the period's next draft, with the same reason and author.",
        ),
        (("-1", "3"), "Its 2 adjustments, $2.00 in total, move to the period's next draft"),
    ],
)
def test_the_void_dialog_says_what_happens_to_the_adjustments(
    finance: Client, frank: User, amounts: tuple[str, ...], words: str
) -> None:
    draft = a_draft()
    for amount in amounts:
        adjust(draft, amount=Decimal(amount), text="x", reason="x", by=UserFactory.create(), at=NOVEMBER_3)
    invoice = issued(draft, frank)

    finance.force_login(with_role("Finance"))
    said = shown(finance.get(page(invoice, "void")))

    assert (words in said, "adjustment" in said) == (True, bool(amounts))


def test_flags_are_on_a_drafts_page_and_in_the_list(finance: Client) -> None:
    invoice = a_draft()

    words = "The customer's first invoice"
    assert words in shown(finance.get(page(invoice)))
    assert words in shown(finance.get(reverse(LIST)))


def test_the_preview_of_a_draft_is_stored_nowhere(finance: Client) -> None:
    invoice = a_draft(code="ACME")

    answer = finance.get(page(invoice, "preview_pdf"))

    assert answer["Content-Disposition"] == 'attachment; filename="draft-ACME-2026-10.pdf"'
    assert answer.content.startswith(b"%PDF-")
    assert not InvoiceDocument.objects.exists()


def test_a_process_makes_one_preview_at_a_time(finance: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    invoice = a_draft()
    monkeypatch.setattr(typeset, "PREVIEW_WAITS_SECONDS", 0.1)
    with typeset._one_preview:
        answer = finance.get(page(invoice, "preview_pdf"))
    assert told(answer) == ["Another preview is being made. Try again in a few seconds."]
    assert finance.get(page(invoice, "preview_pdf")).content.startswith(b"%PDF-")


def test_the_pdf_of_a_draft_is_a_preview(finance: Client) -> None:
    answer = finance.get(page(a_draft(), "download_pdf"))
    assert told(answer) == ["This invoice is not issued yet. You can preview its PDF."]


def test_many_are_approved_at_once_and_refusals_are_listed(finance: Client, frank: User) -> None:
    drafts, done = [a_draft(), a_draft()], issued(a_draft(), frank)
    chosen = {"action": "approve_chosen", "_selected_action": [row.pk for row in (*drafts, done)]}

    answer = finance.post(reverse(LIST), chosen)

    assert told(answer) == ["INV-2026-000001: This invoice is issued, not draft.", "Approved: 2"]
    assert sorted(Invoice.objects.values_list("state", flat=True)) == ["approved", "approved", "issued"]


def test_many_are_issued_at_once_numbered_by_their_customers_names(finance: Client, frank: User) -> None:
    waiting = [approved(a_draft(name=name), frank) for name in ("Zeta", "Alpha")]
    chosen = {"action": "issue_chosen", "_selected_action": [row.pk for row in waiting]}

    assert told(finance.post(reverse(LIST), chosen)) == ["Issued: 2"]

    assert list(Invoice.objects.order_by("number").values_list("number", "customer__name")) == [
        ("INV-2026-000001", "Alpha"),
        ("INV-2026-000002", "Zeta"),
    ]


def test_who_may_only_look_is_offered_no_bulk_action(viewer: Client) -> None:
    draft = a_draft()
    chosen = {"action": "approve_chosen", "_selected_action": [draft.pk]}

    viewer.post(reverse(LIST), chosen)

    assert Invoice.objects.get().state == "draft"


@pytest.mark.parametrize(
    "asked",
    [{"q": "000001"}, {"q": "alpha"}, {"state__exact": "issued"}, {"month": "2026-10", "state__exact": "issued"}],
)
def test_found_by_number_customer_state_and_month(finance: Client, frank: User, asked: dict[str, str]) -> None:
    wanted = issued(a_draft(name="Alpha"), frank)
    a_draft(name="Beta")

    found = finance.get(reverse(LIST), asked).context["cl"].queryset

    assert list(found) == [wanted]


def test_a_month_without_invoices_finds_none(finance: Client) -> None:
    a_draft()

    assert not finance.get(reverse(LIST), {"month": "2026-09"}).context["cl"].queryset


def queries(browser: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert browser.get(address).status_code == 200
    return len(captured)


def test_the_list_takes_as_many_queries_for_three_as_for_one(finance: Client) -> None:
    a_draft()
    queries(finance, reverse(LIST))  # content types and similar are looked up once
    for_one = queries(finance, reverse(LIST))
    a_draft()
    a_draft()

    assert queries(finance, reverse(LIST)) == for_one


def test_the_page_takes_as_many_queries_for_three_lines_as_for_one(finance: Client) -> None:
    counts = []
    a_price()
    for lines in (1, 3):
        period = an_open_period()
        for number in range(lines):
            received(period, 1, product=f"Product {number}")
        invoice = billed(period)
        queries(finance, page(invoice))
        counts.append(queries(finance, page(invoice)))

    assert counts[0] == counts[1]


def test_each_line_opens_exactly_its_charges(finance: Client) -> None:
    period = an_open_period()
    a_price()
    received(period, 1, 2)
    received(period, 5, kind="quote_request")
    received(period, 7, product="Felt panel")
    received(period, 3, at=IN_SEPTEMBER)
    received(period, 1, 1, is_test=True)
    invoice = billed(period)

    behind = {}
    for line in invoice.lines.order_by("position"):
        answer = finance.get(charges_of(invoice)[line.position])
        assert answer.status_code == 200
        found = answer.context["page"].charges
        behind[line.position] = (line.description, line.late_from, sorted(row.charge.quantity for row in found))

    assert list(behind.values()) == [
        ("Felt panel · Sample order", "", [7]),
        ("Oak veneer · Quote request", "", [5]),
        ("Oak veneer · Sample order", "", [1, 2]),
        ("Oak veneer · Sample order", "2026-09-01", [3]),
        ("Sample order: test lead", "", [1, 1]),
    ]


def test_the_page_says_what_the_pdf_says(finance: Client) -> None:
    period = an_open_period(address="Speicherstadt 4\n20457 Hamburg", tax_id="DE 1", purchase_order="PO-7")
    graduated((2, "1.00", "0"), (None, "0.50", "0"))
    received(period, 1, 3)
    received(period, 2, at=IN_SEPTEMBER)
    received(period, 1, is_test=True)
    invoice = billed(period)
    paper = content_of(invoice)
    assert paper.lines[0].tiers
    assert paper.uncharged

    said = " ".join(re.sub(r"<[^>]+>", " ", shown(finance.get(page(invoice)))).split())

    assert [text for text in texts_of(paper.as_data()) if text not in said] == []


def test_a_name_is_shown_as_it_is_and_never_as_markup(finance: Client) -> None:
    invoice = a_draft(name="<script>alert(1)</script>", address="<b>1</b>")

    html = finance.get(page(invoice)).content.decode()

    assert "<script>alert(1)</script>" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "<b>1</b>" not in html


def test_an_invoice_that_is_not_there_is_not_found(finance: Client) -> None:
    assert finance.get(reverse("admin:invoices_invoice_change", args=[99])).status_code == 404


def test_no_user_can_add_or_delete_an_invoice(finance: Client, frank: User) -> None:
    invoice = issued(a_draft(), frank)

    assert finance.get(reverse("admin:invoices_invoice_add")).status_code == 403
    assert finance.post(page(invoice, "delete"), {"post": "yes"}).status_code == 403
    assert Invoice.objects.get().issued_at == NOVEMBER_3
