"""Runs that start automatically after grace days; paused and resumed runs; the schedule that people can change."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from celery import Celery
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django_celery_beat.models import CrontabSchedule, PeriodicTask
from time_machine import travel

from billing_engine.celery import app as engine
from billing_engine.core.calendar.spans import Month, Week
from billing_engine.operations.beat import BeatingScheduler
from billing_engine.operations.schedule import EDITABLE, ensure_schedule, next_run
from invoices.domain.run.billing_run import (
    Progress,
    RunIsFinished,
    bill,
    finish_done_runs,
    pause,
    progress,
    resume,
    start,
)
from invoices.domain.run.bills import BILLS, QUIET
from invoices.domain.run.schedule import start_due_runs
from invoices.models import BillingRun, BillingSchedule, Invoice
from leads.models import Customer
from tests.factories.leads import BillingPeriodFactory, CustomerFactory
from tests.factories.people import superuser
from tests.invoices.made import NOVEMBER_3, OCTOBER, a_price, an_open_period, received

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
NOVEMBER_1 = datetime(2026, 11, 1, tzinfo=UTC)
[NAME] = EDITABLE


def scheduled(cycle: str = "monthly", **facts: object) -> BillingSchedule:
    ensure_schedule()
    BillingSchedule.objects.filter(cycle=cycle).update(is_active=True, **facts)
    return BillingSchedule.objects.get(cycle=cycle)


def labels(runs: list[BillingRun]) -> list[str]:
    return [run.cycle for run in runs]


def test_no_run_starts_automatically_unless_the_schedule_is_on() -> None:
    an_open_period()
    ensure_schedule()

    assert start_due_runs(at=NOVEMBER_3) == []
    assert set(BillingSchedule.objects.values_list("cycle", "is_active", "grace_days")) == {
        ("monthly", False, 0),
        ("weekly", False, 0),
        ("fortnightly", False, 0),
    }


def test_a_run_starts_when_a_period_and_its_grace_days_are_over_where_its_customer_is() -> None:
    scheduled(grace_days=2)
    here = an_open_period(billed_from=OCTOBER.first).customer
    away = CustomerFactory.create(billed_from=OCTOBER.first, time_zone="Pacific/Honolulu")  # ten hours later

    assert start_due_runs(at=NOVEMBER_1 + 2 * DAY - timedelta(seconds=1)) == []
    for at, customer in ((NOVEMBER_1 + 2 * DAY, here), (NOVEMBER_1 + 2 * DAY + timedelta(hours=10), away)):
        [run] = start_due_runs(at=at)
        assert (run.cycle, run.started_by, run.items.get().period.customer) == ("2026-10", None, customer)
        bill(run.items.get().pk, at=at)
    assert start_due_runs(at=NOVEMBER_1 + 5 * DAY) == []


def test_every_cycle_that_is_due_gets_its_run_and_other_kinds_are_left_alone() -> None:
    scheduled("weekly")
    weekly = CustomerFactory.create(cycle="weekly", billed_from=date(2026, 10, 19))
    for number in (45, 43, 44):
        BillingPeriodFactory.create(customer=weekly, month=Week(2026, number))
    an_open_period(billed_from=OCTOBER.first)

    assert labels(start_due_runs(at=NOVEMBER_3)) == ["2026-W43", "2026-W44"]


def test_what_a_run_has_had_is_not_due_again_but_what_comes_in_afterwards_is() -> None:
    scheduled()
    stuck = an_open_period(currency="KWD", billed_from=OCTOBER.first)  # nothing prices its dinars
    received(stuck, 1)
    [run] = start_due_runs(at=NOVEMBER_3)
    bill(run.items.get().pk, at=NOVEMBER_3)
    assert progress(run) == Progress(billed=0, nothing=0, failed=1, waiting=0)
    assert start_due_runs(at=NOVEMBER_3) == []

    BillingPeriodFactory.create(month=OCTOBER, customer__billed_from=OCTOBER.first)

    assert labels(start_due_runs(at=NOVEMBER_3)) == ["2026-10"]


def test_customers_who_only_owe_a_minimum_are_billed_too() -> None:
    scheduled()
    CustomerFactory.create(monthly_minimum=50, billed_from=OCTOBER.first)

    [run] = start_due_runs(at=NOVEMBER_3)
    bill(run.items.get().pk, at=NOVEMBER_3)

    assert Invoice.objects.get().total == 50
    assert start_due_runs(at=NOVEMBER_3) == []


# --- Paused, resumed, died ----------------------------------------------------------------------


def a_run(customers: int = 2) -> BillingRun:
    a_price()
    for _ in range(customers):
        received(an_open_period(), 3)
    return start(OCTOBER, by=None, at=NOVEMBER_3)


def bill_all(run: BillingRun) -> Progress:
    for item in run.items.all():
        bill(item.pk, at=NOVEMBER_3)
    return progress(run)


def test_a_paused_run_bills_no_customer_until_it_is_resumed(frank: User) -> None:
    run = a_run()
    bill(run.items.order_by("pk")[0].pk, at=NOVEMBER_3)
    late = NOVEMBER_3 + 2 * QUIET

    pause(run, by=frank, at=NOVEMBER_3)
    assert bill_all(run) == Progress(billed=1, nothing=0, failed=0, waiting=1)
    assert BILLS.sweep(at=late) == 0
    run.refresh_from_db()
    assert (run.paused_at, run.paused_by, run.finished_at) == (NOVEMBER_3, frank, None)

    assert resume(run, by=None) == 1
    assert BILLS.sweep(at=late) == 1
    assert bill_all(run) == Progress(billed=2, nothing=0, failed=0, waiting=0)
    run.refresh_from_db()
    assert (run.paused_at, run.finished_at) == (None, NOVEMBER_3)


def test_what_is_finished_is_neither_paused_nor_resumed(frank: User) -> None:
    run = a_run()
    bill_all(run)

    with pytest.raises(RunIsFinished):
        pause(run, by=frank, at=NOVEMBER_3)
    with pytest.raises(RunIsFinished):
        resume(run, by=None)

    run.refresh_from_db()
    assert (run.paused_at, run.finished_at) == (None, NOVEMBER_3)


def test_a_run_whose_last_worker_died_before_saying_so_is_finished_by_the_sweep() -> None:
    run, other = a_run(), None
    BillingPeriodFactory.create(month=Month(2026, 9))
    other = start(Month(2026, 9), by=None, at=NOVEMBER_3)
    bill_all(run)
    BillingRun.objects.filter(pk=run.pk).update(finished_at=None)

    assert finish_done_runs(at=NOVEMBER_3) == 1

    assert set(BillingRun.objects.values_list("pk", "finished_at")) == {(run.pk, NOVEMBER_3), (other.pk, None)}


def test_the_sweep_does_not_ask_again_while_customers_are_being_billed() -> None:
    run = a_run(3)
    first = run.items.order_by("pk")[0]
    bill(first.pk, at=NOVEMBER_3 + QUIET)

    assert BILLS.sweep(at=NOVEMBER_3 + 2 * QUIET) == 0
    assert BILLS.sweep(at=NOVEMBER_3 + 3 * QUIET) == 1  # message, for the two that are left


# --- In the admin -------------------------------------------------------------------------------


def test_finance_pauses_and_resumes_a_run_and_its_page_says_so(finance: Client, frank: User, viewer: Client) -> None:
    run = a_run()

    def address(act: str) -> str:
        return reverse(f"admin:invoices_billingrun_{act}", args=[run.pk])

    assert viewer.post(address("pause")).status_code == 403
    assert finance.post(address("pause")).status_code == 302
    shown = finance.get(address("change")).content.decode()
    assert finance.get(address("progress")).json()["paused"] is True
    assert ("data-paused" in shown, "by frank" in shown or frank.username in shown) == (True, True)
    assert (address("resume") in shown, address("pause") in shown) == (True, False)

    assert finance.post(address("resume")).status_code == 302
    assert finance.get(address("progress")).json()["paused"] is False


def test_finance_sets_grace_days_and_a_viewer_does_not(finance: Client, viewer: Client) -> None:
    ensure_schedule()
    schedule = BillingSchedule.objects.get(cycle="weekly")
    address = reverse("admin:invoices_billingschedule_change", args=[schedule.pk])

    assert viewer.post(address, {"is_active": "on", "grace_days": "3"}).status_code == 403
    for days in ("60", "32767", "-1"):
        answer = finance.post(address, {"is_active": "on", "grace_days": days})
        assert list(answer.context["adminform"].form.errors) == ["grace_days"]
    with pytest.raises(IntegrityError, match="grace_days_are_at_most_a_month"), transaction.atomic():
        BillingSchedule.objects.update(grace_days=32)
    assert finance.post(address, {"is_active": "on", "grace_days": "3"}).status_code == 302

    schedule.refresh_from_db()
    assert (schedule.cycle, schedule.is_active, schedule.grace_days) == ("weekly", True, 3)


def test_the_page_of_a_schedule_says_what_is_due_next_and_when(finance: Client) -> None:
    scheduled("weekly", grace_days=2)
    CustomerFactory.create(cycle="weekly", billed_from=date(2026, 10, 19))
    schedule = BillingSchedule.objects.get(cycle="weekly")

    def shown() -> str:
        page = finance.get(reverse("admin:invoices_billingschedule_change", args=[schedule.pk])).content.decode()
        return " ".join(re.sub(r"<[^>]*>", " ", page).split())

    with travel(datetime(2026, 10, 20, tzinfo=UTC), tick=False):
        assert "October 19 – 25, 2026, Oct 28, 2026, 00:00 UTC" in shown()
    with travel(datetime(2026, 10, 29, tzinfo=UTC), tick=False):
        assert "October 19 – 25, 2026, due now, at the next check" in shown()
    Customer.objects.update(is_active=False)
    assert "No customer has this cycle" in shown()


def test_a_time_that_never_comes_is_refused_and_the_list_says_when_a_task_runs_next() -> None:
    ensure_schedule()
    boss = Client()
    boss.force_login(superuser())
    given = {
        "minute": "0",
        "hour": "0",
        "day_of_month": "31",
        "month_of_year": "2",
        "day_of_week": "*",
        "timezone": "UTC",
    }
    add = reverse("admin:django_celery_beat_crontabschedule_add")

    answer = boss.post(add, given)

    assert answer.context["adminform"].form.non_field_errors() == [
        "This time never occurs, so the task would never run."
    ]
    assert not CrontabSchedule.objects.filter(month_of_year="2").exists()
    assert boss.post(add, given | {"day_of_month": "29"}).status_code == 302

    # One that was there before the form asked.
    never = CrontabSchedule.objects.create(minute="0", hour="0", day_of_month="30", month_of_year="2")
    task = PeriodicTask.objects.get(name=NAME)
    with travel(datetime(2026, 10, 20, 7, 30, tzinfo=UTC), tick=False):
        assert next_run(task, at=NOVEMBER_3) == NOVEMBER_3.replace(minute=5)
        listed = boss.get(reverse("admin:django_celery_beat_periodictask_changelist")).content.decode()
        assert "Oct 20, 2026, 08:05" in listed
    task.crontab = never
    assert next_run(task, at=NOVEMBER_3) is None
    at = reverse("admin:django_celery_beat_periodictask_change", args=[task.pk])
    posted = {"name": NAME, "regtask": task.task, "crontab": str(never.pk), "kwargs": "{}", "enabled": "on"}
    answer = boss.post(at, posted | {"description": "", "start_time_0": "", "start_time_1": "", "interval": ""})
    assert answer.context["adminform"].form.errors["crontab"] == [
        "This time never occurs, so the task would never run."
    ]


@pytest.mark.django_db(transaction=True)  # beat ends transactions
def test_superusers_move_the_schedule_and_only_look_at_the_housekeeping(client: Client, finance: Client) -> None:
    ensure_schedule()
    scheduler = BeatingScheduler(app=engine, lazy=True)
    scheduler.setup_schedule()
    boss = Client()
    boss.force_login(superuser())
    task, sweep = PeriodicTask.objects.get(name=NAME), PeriodicTask.objects.get(task="invoices.sweep")
    later = CrontabSchedule.objects.create(minute="30")
    given = {"name": NAME, "regtask": task.task, "crontab": str(later.pk), "kwargs": "{}"}
    given |= {"enabled": "on", "description": "", "start_time_0": "", "start_time_1": "", "interval": ""}

    def address(row: PeriodicTask) -> str:
        return reverse("admin:django_celery_beat_periodictask_change", args=[row.pk])

    answer = boss.post(address(task), given)
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    assert boss.post(address(sweep), given).status_code == 403
    assert finance.get(address(task)).status_code == 403

    ensure_schedule()  # overrules no one
    task.refresh_from_db()
    assert task.crontab == later
    assert scheduler.all_as_schedule()[NAME].schedule == later.schedule


@pytest.mark.django_db(transaction=True)  # beat ends transactions
def test_beat_sends_what_the_database_says() -> None:
    ensure_schedule()
    app = Celery(set_as_current=False)
    app.conf.beat_schedule = {}
    scheduler = BeatingScheduler(app=app, lazy=True)
    scheduler.setup_schedule()

    assert scheduler.schedule[NAME].task == "invoices.start_due_runs"
    PeriodicTask.objects.filter(name=NAME).update(enabled=False)
    assert NAME not in scheduler.all_as_schedule()


def test_a_refusal_by_the_domain_is_shown_above_the_page_and_nothing_is_stored(finance: Client):
    schedule = BillingSchedule.objects.create(cycle="yearly")  # no kind of cycle that there is, and not on the form
    page = reverse("admin:invoices_billingschedule_change", args=[schedule.pk])

    answer = finance.post(page, {"is_active": "on", "grace_days": "3"}, follow=True)

    assert [str(message) for message in answer.context["messages"]] == ["Value 'yearly' is not a valid choice."]
    schedule.refresh_from_db()
    assert (schedule.is_active, schedule.grace_days) == (False, 0)
