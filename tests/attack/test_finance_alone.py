"""A person of finance alone: no way to send the money elsewhere, to change an invoice, or to loosen the rules first."""

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.urls import reverse

from billing_engine.core.models import ApprovalRequest, Deed
from invoices.domain.life.deeds import deeds_of
from invoices.models import Invoice, InvoiceMail, MailTemplate
from leads.models import ApprovalThreshold, Company
from pricing.models import PriceRule
from tests.attack.story import (
    NOVEMBER_1,
    TODAY,
    Story,
    client_of,
    decide,
    deeds,
    is_done,
    nothing_moves,
    page_of,
    press,
    save,
    the_request,
)

pytestmark = pytest.mark.django_db
EVIL = "Bank of Evil, account 667"


def details(**changes: str) -> dict[str, str]:
    return {
        "first_day": str(TODAY),
        "reason": "New bank",
        "address": "1 Way",
        "tax_id": "",
        "email": "books@ours.example",
        "pay_to": "Good Bank, account 1",
    } | changes


def payment(story: Story, **changes: str) -> dict[str, str]:
    return {
        "first_day": str(TODAY),
        "reason": "Asked by the customer",
        "payment_terms_days": "30",
        "dispute_days": "30",
        "billing_contacts": "old@acme.example",
        "taxes": "Tax 10%",
        "tax_exempt_reason": "",
        "seller": str(story.seller.pk),
    } | changes


def test_other_bank_details_wait_and_what_is_issued_meanwhile_has_the_old_ones(story: Story, fay: User) -> None:
    with nothing_moves(story):
        assert is_done(press(fay, story.seller, "change_details", **details(pay_to=EVIL)))
        assert the_request().kind == "company_details"
        assert not is_done(decide(fay))

    assert is_done(press(fay, story.approved, "issue"))
    story.approved.refresh_from_db()
    assert EVIL not in str(story.approved.seller)
    assert "Good Bank" in str(story.approved.seller)


def test_an_own_seller_with_an_own_account_gets_no_customer_alone(story: Story, fay: User) -> None:
    new = {"name": "Evil", "code": "EVIL", "number_prefix": "EVIL-{year}-", "number_digits": "6"}
    with nothing_moves(story):
        assert is_done(client_of(fay).post(reverse("admin:leads_company_add"), new | details(pay_to=EVIL)))
        evil = Company.objects.get(code="EVIL")
        assert is_done(press(fay, story.customer, "change_payment", **payment(story, seller=str(evil.pk))))
        assert the_request().asked_by == fay
        assert not is_done(decide(fay))
    assert [who for _, who, _ in deeds("company_saved")] == ["fay"]


def test_contacts_and_taxes_of_the_open_month_wait(story: Story, fay: User) -> None:
    with nothing_moves(story):
        for first_day, change in (
            (TODAY, {"billing_contacts": "me@evil.example"}),
            (NOVEMBER_1, {"taxes": ""}),
            (NOVEMBER_1, {"taxes": "Tax 10%\nLevy 50% on stone"}),
            (NOVEMBER_1, {"tax_exempt_reason": "Because"}),
        ):
            given = payment(story, first_day=str(first_day), **change)
            assert is_done(press(fay, story.customer, "change_payment", **given)), change
            assert not is_done(decide(fay)), change
            assert press(fay, the_request(), "withdraw_request", confirmed="on").status_code == 302
    assert ApprovalRequest.objects.waiting().count() == 0


def test_contacts_changed_right_before_an_invoice_is_sent_do_not_get_it(
    story: Story, fay: User, settings: LazySettings
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    press(fay, story.customer, "change_payment", **payment(story, billing_contacts="me@evil.example"))

    press(fay, story.approved, "issue")
    client_of(fay).post(
        reverse("admin:invoices_invoice_changelist"), {"action": "send_chosen", "_selected_action": [story.approved.pk]}
    )

    assert [mail.to for mail in InvoiceMail.objects.all()] == [["old@acme.example"]]


def test_a_letter_with_another_account_is_kept_word_for_word_and_told(
    story: Story, fay: User, settings: LazySettings
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    request = "0d1c0f5e-6f0b-4b0e-9d39-1f6f7f0b9a52"
    given = {"to": "me@evil.example", "subject": "Invoice", "body": f"Pay to {EVIL}", "request": request}

    assert is_done(press(fay, story.issued, "send", **given))

    mail = InvoiceMail.objects.get()
    told = deeds_of(story.issued).get(verb="email_requested")
    assert (told.actor_name, told.after["to"], told.after["message"]) == ("fay", ["me@evil.example"], f"Pay to {EVIL}")
    assert (mail.requested_by, mail.body) == (fay, f"Pay to {EVIL}")


def test_another_text_of_all_letters_is_told_before_and_after(story: Story, fay: User) -> None:
    template = MailTemplate.objects.filter(customer=None).first() or MailTemplate.objects.create(subject="A", body="B")
    was = template.body

    assert is_done(save(fay, template, subject=template.subject, body=f"Pay to {EVIL}"))

    told = Deed.objects.get(verb="email_template_saved")
    assert (told.actor_name, told.before["body"], told.after["body"]) == ("fay", was, f"Pay to {EVIL}")


def test_an_adjustment_is_neither_approved_alone_nor_washed_clean(story: Story, fay: User) -> None:
    given = {"amount": "-5.00", "text": "Goodwill", "reason": "A friend"}
    assert is_done(press(fay, story.draft, "adjust", **given))
    line = story.draft.lines.get(kind="adjustment")

    assert not is_done(press(fay, story.draft, "approve"))
    press(fay, story.draft, "ask_to_approve", reason="A friend")
    assert not is_done(decide(fay))
    press(fay, the_request(), "withdraw_request", confirmed="on")
    client_of(fay).post(
        reverse("admin:invoices_invoice_changelist"), {"action": "approve_chosen", "_selected_action": [story.draft.pk]}
    )
    assert is_done(press(fay, story.draft, "withdraw", line=line.pk))
    assert not is_done(press(fay, story.draft, "approve"))
    press(fay, story.draft, "regenerate")
    fresh = Invoice.objects.get(period=story.draft.period)
    assert not is_done(press(fay, fresh, "approve"))
    assert not is_done(press(fay, fresh, "reopen", reason="Once more"))

    assert (fresh.state, fresh.total) == ("draft", story.draft.total)
    assert [
        (verb, who) for verb, who, _ in deeds("invoice_adjusted", "adjustment_withdrawn", "invoice_regenerated")
    ] == [
        ("invoice_adjusted", "fay"),
        ("adjustment_withdrawn", "fay"),
        ("invoice_regenerated", "fay"),
    ]


def test_a_threshold_of_ones_own_loosens_nothing(story: Story, fay: User) -> None:
    with nothing_moves(story):
        given = {"company": story.seller.pk, "kind": "adjusted_invoice", "currency": "", "above": "", "reason": "Mine"}
        assert is_done(client_of(fay).post(reverse("admin:leads_approvalthreshold_add"), given))
        assert not is_done(decide(fay))
    assert ApprovalThreshold.objects.get().approved_at is None

    press(fay, story.draft, "adjust", amount="-5.00", text="Goodwill", reason="A friend")
    assert not is_done(press(fay, story.draft, "approve"))


def test_a_void_and_a_reopening_of_ones_own_invoice_need_another_person(story: Story, fay: User) -> None:
    assert is_done(press(fay, story.approved, "issue"))
    story.approved.refresh_from_db()
    with nothing_moves(story):
        assert not is_done(press(fay, story.approved, "void", reason="Mine"))
        press(fay, story.approved, "ask_to_void", reason="Mine")
        assert the_request().asked_by == fay
        assert not is_done(decide(fay))


def test_who_approved_does_not_send_back_and_reopen(story: Story, fay: User) -> None:
    press(fay, story.draft, "approve")
    press(fay, story.draft, "send_back", reason="Hm")
    with nothing_moves(story):
        assert not is_done(press(fay, story.draft, "reopen", reason="Again"))


def test_what_is_operations_is_closed(story: Story, fay: User) -> None:
    rules = PriceRule.objects.count()
    with nothing_moves(story):
        for row, button in (
            (story.rule, "retire_rule"),
            (story.rule, "revise_rule"),
            (story.kind, "change_facts"),
            (story.source, "change_facts"),
            (story.product, "change_facts"),
            (story.action, "void_action"),
            (story.customer, "change_exclusions"),
        ):
            assert press(fay, row, button, reason="Mine").status_code == 403, button
        for name in ("pricing_pricerule", "pricing_pricecheck", "leads_product", "leads_source", "leads_actiontype"):
            assert client_of(fay).get(reverse(f"admin:{name}_add")).status_code == 403, name
    assert PriceRule.objects.count() == rules


def test_budget_and_minimum_wait_for_operations(story: Story, fay: User, frank: User) -> None:
    with nothing_moves(story):
        given = {"first_day": str(NOVEMBER_1), "reason": "Agreed", "monthly_budget": "0.01", "hard_budget": "on"}
        assert is_done(press(fay, story.customer, "change_commitments", **given))
        assert not is_done(decide(fay))
        assert not is_done(decide(frank))
        page = client_of(fay).get(page_of(story.customer)).content.decode()
    assert "Waiting for approval" in page
