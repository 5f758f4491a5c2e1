"""How long people wait for lists, searches and reports over millions of rows."""

import re
import time
from collections.abc import Iterator
from html import unescape
from statistics import median, quantiles
from typing import NamedTuple

import psutil
from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.test import Client, override_settings
from django.urls import reverse

from invoices.models import Invoice, InvoiceLine
from leads.models import BillingPeriod, Customer
from tests.bench.lists import world
from tests.bench.lists.addresses import Address, of_lists, of_searches
from tests.bench.measure import say
from tests.bench.table import setting

AIM_MS = 300
SHOWN = 25
PLAIN_FILES = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
FULL, QUICK = 5_000_000, 500_000


class Took(NamedTuple):
    """One request: how long it took, and for how long Python and its backend were busy; others share the machine."""

    ms: float
    busy: float


class Slow(NamedTuple):
    """An address with its p95, and the median of its busy time."""

    address: Address
    ms: float
    busy: float


def measure_lists(*, quick: bool, rounds: int) -> None:
    """Build the year, and open everything."""
    actions = QUICK if quick else FULL
    call_command("migrate", verbosity=0)
    measure_built(world.build(actions), actions=actions, rounds=rounds)


def measure_built(largest: BillingPeriod, *, actions: int, rounds: int) -> None:
    """Open everything several times."""
    browser, user = Client(), User.objects.create(username=f"fay{time.time()}", is_staff=True, is_superuser=True)
    browser.force_login(user)
    times = dict[Address, list[Took]]()
    with override_settings(ALLOWED_HOSTS=["*"], STORAGES=settings.STORAGES | PLAIN_FILES):
        browser.get(reverse("admin:index"))
        for address in (*of_lists(user), *of_searches(), *_of_pages(largest)):
            if address.what == "plain":
                say(f"opening {address.group}")
            for each in (address, *_turned(browser, address)):
                times[each] = [_opened(browser, each.path) for _ in range(rounds)]
    _print(times, actions)


def _turned(browser: Client, address: Address) -> Iterator[Address]:
    """The next page of a list that has one, and the last."""
    path = address.path.partition("?")[0]
    html = browser.get(address.path).content.decode()
    for way, link in (("next", r'href="([^"]+)" rel="next">Next'), ("last", r'href="([^"]+)">Last')):
        if found := re.search(link, html):
            yield Address(address.group, f"{address.what}: {way}", path + unescape(found.group(1)))


def _of_pages(largest: BillingPeriod) -> Iterator[Address]:
    """The pages that read many rows but are no lists."""
    line = InvoiceLine.objects.filter(invoice__period=largest).order_by("-actions")[0]
    lines = reverse("admin:invoices_invoiceline_change", args=[line.pk])
    middle = largest.actions.order_by("occurred_at", "pk")[largest.actions.count() // 2]
    for what, asked in (
        ("first page", ""),
        ("after its middle", f"?after={middle.pk}"),
        ("before its middle", f"?before={middle.pk}"),
        ("of a day", "?day=2026-10-15"),
    ):
        yield Address("the largest invoice line", what, lines + asked)
    invoice = reverse("admin:invoices_invoice_change", args=[Invoice.objects.get(period=largest).pk])
    yield Address("pages", "the largest invoice", invoice)
    yield Address("pages", "the largest period", reverse("admin:leads_billingperiod_change", args=[largest.pk]))
    yield Address("pages", "a charge", reverse("admin:pricing_charge_change", args=[middle.pk]))
    report = reverse("admin:reports_activity")
    for name, customer in (("largest", largest.customer), ("last", Customer.objects.latest("pk"))):
        for what, month in (("all months", ""), ("one month", largest.label)):
            asked = f"{report}?customer={customer.pk}&month={month}"
            yield Address("the activity report", f"{name} customer, {what}", asked)


def _opened(browser: Client, path: str) -> Took:
    backend = psutil.Process(connection.connection.info.backend_pid)
    started, before = time.perf_counter(), _busy(backend)
    response = browser.get(path)
    if response.status_code != 200:
        raise RuntimeError(f"{path}: {response.status_code} {response.headers.get('Location', '')}")
    return Took(1_000 * (time.perf_counter() - started), 1_000 * (_busy(backend) - before))


def _busy(backend: psutil.Process) -> float:
    """Seconds of processor time of this process, its backend, and parallel workers, which the postmaster outlives."""
    own, ended = backend.cpu_times(), backend.parent().cpu_times()
    return time.process_time() + own.user + own.system + ended.children_user + ended.children_system


def _p95(found: list[float]) -> float:
    return quantiles(found, n=20, method="inclusive")[-1] if len(found) > 1 else found[0]


def _print(times: dict[Address, list[Took]], actions: int) -> None:
    print(f"\nLists and searches beside {actions:,} actions (aim: p95 at most {AIM_MS} ms)\n{setting()}\n")
    print(f"{'':30}{'addresses':>10}{'median':>9}{'p95':>9}{'slowest':>9}{'busy':>9}{'missed':>9}")
    slow = [
        Slow(address, _p95([one.ms for one in took]), median(one.busy for one in took))
        for address, took in times.items()
    ]
    for group in dict.fromkeys(each.address.group for each in slow):
        found = [each for each in slow if each.address.group == group]
        walls, missed = [each.ms for each in found], sum(each.ms > AIM_MS for each in found)
        print(
            f"{group:30}{len(found):>10}{median(walls):>9.0f}{_p95(walls):>9.0f}{max(walls):>9.0f}"
            f"{max(each.busy for each in found):>9.0f}{missed or '':>9}"
        )
    slow.sort(key=lambda each: -each.ms)
    above = [each for each in slow if each.ms > AIM_MS]
    for each in above or slow[:SHOWN]:
        mark = "MISSED" if each.ms > AIM_MS else ""
        print(f"{mark:8}{each.ms:>7.0f} ms, busy {each.busy:>6.0f} ms  {each.address.group}: {each.address.what}")
    whole = _p95([one.ms for took in times.values() for one in took])
    busy = sum(each.busy > AIM_MS for each in slow)
    print(
        f"\n{len(slow)} addresses: {len(above)} above {AIM_MS} ms, {busy} by processor time; p95 of all requests {whole:.0f} ms"
    )
