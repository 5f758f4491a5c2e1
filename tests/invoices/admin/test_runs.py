"""Billing runs in the admin: start, watch, retry."""

from html import unescape

import pytest
import time_machine
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from billing_engine.core.calendar.spans import Month
from invoices.domain.run.billing_run import bill, start
from invoices.models import BillingRun, BillingRunItem
from pricing.domain.rate.rate import rate
from tests.factories.leads import BillingPeriodFactory
from tests.invoices.made import NOVEMBER_3, OCTOBER, a_price, an_open_period, received

pytestmark = pytest.mark.django_db

LIST = "admin:invoices_billingrun_changelist"
START = "admin:invoices_billingrun_start_run"


@pytest.fixture(autouse=True)
def _on_the_third_of_november() -> object:
    with time_machine.travel(NOVEMBER_3, tick=False):
        yield


def page(run: BillingRun, act: str = "change") -> str:
    return reverse(f"admin:invoices_billingrun_{act}", args=[run.pk])


def shown(response: HttpResponse) -> str:
    assert response.status_code == 200
    return unescape(response.content.decode())


def a_run(*names: str, unpriced: str = "", done: bool = True) -> BillingRun:
    """A run over October of these customers; nothing prices the dinars of the `unpriced` one."""
    if names:
        a_price()
    for name in names:
        received(an_open_period(name=name), 3)
    if unpriced:
        stuck = an_open_period(name=unpriced, currency="KWD")
        received(stuck, 3)
        rate(stuck, at=NOVEMBER_3)
    run = start(OCTOBER, by=None, at=NOVEMBER_3)
    if done:
        for item in run.items.all():
            bill(item.pk, at=NOVEMBER_3)
        run.refresh_from_db()
    return run


def test_started_for_the_month_chosen(finance: Client, frank: User) -> None:
    an_open_period()

    form = finance.get(reverse(START)).context["form"]
    answer = finance.post(reverse(START), {"cycle": "2026-10"})

    assert form.fields["cycle"].choices == [("2026-10", "October 2026 · 1 open")]
    run = BillingRun.objects.get()
    assert (run.cycle, run.started_by, run.started_at) == ("2026-10", frank, NOVEMBER_3)
    assert answer["Location"] == page(run)


def test_last_month_is_offered_first_and_months_that_are_not_over_are_not(finance: Client) -> None:
    for month in (Month(2026, 8), OCTOBER, Month(2026, 11)):
        an_open_period_of(month)

    field = finance.get(reverse(START)).context["form"].fields["cycle"]

    assert field.initial == "2026-10"
    assert [value for value, _ in field.choices] == ["2026-10", "2026-08"]


def an_open_period_of(month: Month) -> None:
    BillingPeriodFactory.create(month=month)


def test_a_second_run_of_a_month_in_progress_is_refused_in_words(finance: Client) -> None:
    a_run("Acme", done=False)

    answer = finance.post(reverse(START), {"cycle": "2026-10"})

    assert "A run of this cycle is already in progress." in shown(answer)
    assert BillingRun.objects.count() == 1


def test_a_month_that_was_not_offered_is_refused(finance: Client) -> None:
    finance.post(reverse(START), {"cycle": "2027-01"})

    assert not BillingRun.objects.exists()


def test_who_may_only_look_starts_nothing(viewer: Client) -> None:
    assert viewer.post(reverse(START), {"cycle": "2026-10"}).status_code == 403
    assert "Start billing run" not in shown(viewer.get(reverse(LIST)))
    assert not BillingRun.objects.exists()


def test_the_page_can_poll_the_progress(finance: Client) -> None:
    run = a_run("Acme", "Beta", unpriced="Stuck", done=False)
    first = BillingRunItem.objects.get(period__customer__name="Acme")
    bill(first.pk, at=NOVEMBER_3)

    assert finance.get(page(run, "progress")).json() == {
        "total": 3,
        "percent": 33,
        "billed": 1,
        "nothing": 0,
        "failed": 0,
        "waiting": 2,
        "finished": False,
        "paused": False,
    }
    assert f'data-progress="{page(run, "progress")}"' in shown(finance.get(page(run)))


def test_a_finished_run_shows_what_it_drafted_what_failed_and_why(finance: Client) -> None:
    run = a_run("Acme", "Beta", unpriced="Stuck")

    context = finance.get(page(run)).context

    assert [(sum_.invoices, sum_.total) for sum_ in context["drafted"]] == [(2, "$15.00")]
    (failure,) = context["failures"]
    assert (failure.customer, failure.remedy) == ("Stuck", "See the unrated actions")
    assert failure.reason.startswith("1 action is unrated")
    assert finance.get(failure.remedy_address).context["cl"].result_count == 1


def test_failed_items_are_retried(finance: Client) -> None:
    run = a_run("Acme", unpriced="Stuck")

    answer = finance.post(page(run, "retry"))

    assert [str(message) for message in get_messages(answer.wsgi_request)] == ["Retrying 1."]
    run.refresh_from_db()
    assert (run.finished_at, run.items.waiting().count()) == (None, 1)


def test_retry_is_offered_only_where_something_failed_and_to_who_may(finance: Client, viewer: Client) -> None:
    fine = a_run("Acme")
    assert page(fine, "retry") not in shown(finance.get(page(fine)))

    failed = a_run(unpriced="Stuck")

    assert page(failed, "retry") in shown(finance.get(page(failed)))
    assert page(failed, "retry") not in shown(viewer.get(page(failed)))
    assert viewer.post(page(failed, "retry")).status_code == 403


def test_the_list_counts_the_items_and_takes_as_many_queries_for_three_as_for_one(finance: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert finance.get(reverse(LIST)).status_code == 200
        return len(captured)

    run = a_run("Acme", unpriced="Stuck")
    queries()  # content types and similar are looked up once
    for_one = queries()
    start(Month(2026, 9), by=None, at=NOVEMBER_3)
    start(Month(2026, 8), by=None, at=NOVEMBER_3)

    assert queries() == for_one
    rows = {row.pk: row for row in finance.get(reverse(LIST)).context["cl"].result_list}
    assert (rows[run.pk].billed_items, rows[run.pk].failed_items) == (1, 1)
