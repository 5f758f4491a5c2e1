"""Lock and Send stand inside Issue as a choice; each remains an act of its own, with its own guard and deed."""

from datetime import date
from html import unescape

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from billing_engine.core.models import Deed
from invoices.domain.life.issue_date import WrongIssueDate
from invoices.domain.month_close.bulk_action import BULK_ACTIONS, NoLongerAllowed, stop_bulk_action
from invoices.domain.month_close.close_month import CycleNotReady, ReasonRequired, create_missing_months
from invoices.domain.month_close.issue_month import Together, issue_month
from invoices.models import BillingCycle, Invoice
from tests.factories.leads import QuarantinedItemFactory
from tests.factories.people import with_role
from tests.invoices.made import IN_OCTOBER, NOVEMBER_3, a_draft, an_open_period, approved

pytestmark = pytest.mark.django_db


def october() -> BillingCycle:
    create_missing_months()
    return BillingCycle.objects.get(label="2026-10")


def work() -> None:
    while BULK_ACTIONS.waiting().exists():
        BULK_ACTIONS.work(october().pk, at=NOVEMBER_3)


def two_approved(frank: User) -> None:
    for name in ("Ash", "Birch"):
        approved(a_draft(name=name, billing_contacts=[f"books@{name.lower()}.example"]), frank)


def deeds() -> list[tuple[str, str]]:
    """The deeds on the month with their person."""
    found = Deed.objects.about(october()).order_by("pk")
    return list(found.values_list("verb", "person__username"))


def test_lock_issue_and_send_are_three_deeds_of_the_same_person(frank: User):
    two_approved(frank)

    assert issue_month(october(), by=frank, at=NOVEMBER_3, together=Together(lock=True, send=True)) == 2
    assert (october().state, october().bulk_action, october().bulk_then_send) == ("locked", "issue", True)
    work()

    by = frank.username
    assert deeds() == [("month_locked", by), ("issue_all_started", by), ("send_all_started", by)]
    assert list(october().steps.order_by("pk").values_list("kind", "done")) == [
        ("locked", 0),
        ("issue", 2),
        ("send", 2),
    ]
    assert (october().bulk_action, october().bulk_then_send) == ("", False)
    assert sorted(Invoice.objects.values_list("state", "mails__to")) == [
        ("issued", ["books@ash.example"]),
        ("issued", ["books@birch.example"]),
    ]


def test_issue_alone_neither_locks_nor_sends(frank: User):
    two_approved(frank)

    issue_month(october(), by=frank, at=NOVEMBER_3, issued_on=date(2026, 11, 2))
    work()

    assert (october().state, deeds()) == ("open", [("issue_all_started", frank.username)])
    assert set(Invoice.objects.values_list("state", "issued_on", "mails")) == {("issued", date(2026, 11, 2), None)}


def test_what_the_lock_refuses_refuses_the_issue_too(frank: User):
    two_approved(frank)
    period = an_open_period(name="Cedar")
    with pytest.raises(CycleNotReady, match=r"Still open: 1 billing period \(Cedar\)"):
        issue_month(october(), by=frank, at=NOVEMBER_3, together=Together(lock=True))
    period.delete()
    QuarantinedItemFactory.create(received_at=IN_OCTOBER)
    with pytest.raises(ReasonRequired, match="1 item in quarantine will be left behind"):
        issue_month(october(), by=frank, at=NOVEMBER_3, together=Together(lock=True))
    with pytest.raises(WrongIssueDate):  # October is locked by then
        day = date(2026, 10, 31)
        issue_month(october(), by=frank, at=NOVEMBER_3, issued_on=day, together=Together(lock=True, reason="Known"))

    assert (october().state, october().bulk_action, deeds()) == ("open", "", [])
    issue_month(october(), by=frank, at=NOVEMBER_3, together=Together(lock=True, reason="Known"))
    assert october().steps.get(kind="locked").reason == "Known"


def test_who_may_not_send_does_not_send_with_issue_either(frank: User):
    two_approved(frank)
    frank.groups.clear()
    frank.user_permissions.add(Permission.objects.get(codename="change_invoice"))

    with pytest.raises(NoLongerAllowed):
        issue_month(october(), by=frank, at=NOVEMBER_3, together=Together(send=True))

    assert (october().bulk_action, deeds()) == ("", [])


def test_who_lost_the_right_to_send_since_has_issued_and_sends_nothing(frank: User):
    two_approved(frank)
    issue_month(october(), by=frank, at=NOVEMBER_3, together=Together(send=True))
    frank.groups.clear()
    frank.user_permissions.add(Permission.objects.get(codename="change_invoice"))
    work()

    assert set(Invoice.objects.values_list("state", "mails")) == {("issued", None)}
    sent = october().steps.get(kind="send")
    assert (sent.done, list(sent.skipped.values_list("code", flat=True))) == (0, ["no_longer_allowed"] * 2)


def test_stopped_before_it_is_done_nothing_is_sent(frank: User):
    two_approved(frank)
    issue_month(october(), by=frank, at=NOVEMBER_3, together=Together(send=True))

    stop_bulk_action(october(), by=frank)

    assert (october().bulk_action, october().bulk_then_send) == ("", False)


def test_the_dialog_offers_lock_and_send_with_the_sums_and_asks_for_a_reason_where_the_lock_needs_one(
    finance: Client, frank: User
):
    two_approved(frank)
    address = reverse("admin:invoices_billingcycle_issue_all", args=[october().pk])

    text = " ".join(unescape(finance.get(address).content.decode()).split())

    assert "Issue 2 invoices of October 2026?" in text
    assert "Lock October 2026 first" in text
    assert "Email the invoices when they are issued" in text
    assert '<th scope="row">USD</th> <td class="lb-right">2</td> <td class="lb-right">$15.00</td>' in text
    assert 'name="reason"' not in text

    QuarantinedItemFactory.create(received_at=IN_OCTOBER)
    refused = finance.post(address, {"lock": "on", "reason": ""}).content.decode()
    assert "For the lock: 1 item in quarantine will be left behind." in refused
    assert "1 item in quarantine will be left behind. Enter a reason." in refused
    assert (october().state, october().bulk_action) == ("open", "")
    finance.post(address, {"lock": "on", "reason": "Known"})
    assert (october().state, october().bulk_action, october().bulk_then_send) == ("locked", "issue", False)


def test_the_dialog_leaves_out_what_the_person_may_not_do(client: Client, frank: User):
    two_approved(frank)
    clerk = with_role("Viewer")
    clerk.user_permissions.add(Permission.objects.get(codename="change_invoice"))
    client.force_login(clerk)
    address = reverse("admin:invoices_billingcycle_issue_all", args=[october().pk])

    text = client.get(address).content.decode()
    assert ('name="lock"' in text, 'name="send"' in text) == (False, False)
    client.post(address, {"lock": "on", "send": "on"})

    assert (october().state, october().bulk_action, october().bulk_then_send) == ("open", "issue", False)
