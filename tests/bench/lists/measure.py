"""How long people wait for lists, searches and reports over millions of rows."""

import re
import time
from collections.abc import Iterator
from html import unescape
from statistics import median
from typing import NamedTuple

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client, override_settings
from django.urls import reverse

from invoices.models import Invoice, InvoiceLine
from leads.models import BillingPeriod, Customer
from tests.bench.lists import world
from tests.bench.lists.addresses import Address, of_lists, of_searches
from tests.bench.measure import say
from tests.bench.report.lines import Measured, Outcome
from tests.bench.report.registry import TINY as TINY_RUN
from tests.bench.report.registry import Asked
from tests.bench.waiting import Took, opened, p95
from tests.bench.worker import peak_mb

AIM_MS = 300
SHOWN = 25
PLAIN_FILES = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
TINY, QUICK, FULL = 5_000, 500_000, 5_000_000


class Slow(NamedTuple):
    """An address with its p95, and the median of its busy time."""

    address: Address
    ms: float
    busy: float


def measure_lists(asked: Asked) -> Outcome:
    """Build the year, and open everything several times."""
    actions, rounds = asked.actions or asked.sized(TINY, QUICK, FULL), asked.rounds
    call_command("migrate", verbosity=0)
    largest = world.build(actions)
    browser, user = Client(), User.objects.create(username=f"fay{time.time()}", is_staff=True, is_superuser=True)
    browser.force_login(user)
    times = dict[Address, list[Took]]()
    with override_settings(ALLOWED_HOSTS=["*"], STORAGES=settings.STORAGES | PLAIN_FILES):
        browser.get(reverse("admin:index"))
        found = [*of_lists(user), *of_searches(), *_of_pages(largest)]
        if asked.size == TINY_RUN:  # each list as it opens, and one search
            found = list({each.group: each for each in reversed(found)}.values())
        for address in found:
            if address.what == "plain":
                say(f"opening {address.group}")
            for each in (address, *_turned(browser, address)):
                times[each] = [opened(browser, each.path) for _ in range(rounds)]
    return _outcome(times, actions)


def _turned(browser: Client, address: Address) -> Iterator[Address]:
    """The next page of a list that has one, and the last."""
    path = address.path.partition("?")[0]
    html = browser.get(address.path).content.decode()
    for way, link in (("next", r'href="([^"]+)" rel="next">Next'), ("last", r'href="([^"]+)">Last')):
        if found := re.search(link, html):
            yield Address(address.group, f"{address.what}: {way}", path + unescape(found.group(1)))


def _of_pages(largest: BillingPeriod) -> Iterator[Address]:
    """Other pages that read many rows."""
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
    report = f"{reverse('admin:reports_explorer')}?show=actions,charged,amount&group=product,source,action_type"
    for name, customer in (("largest", largest.customer), ("last", Customer.objects.latest("pk"))):
        for what, asked in (("all months", "days=all"), ("one month", f"period={largest.label}")):
            yield Address("the explorer", f"{name} customer, {what}", f"{report}&customer={customer.code}&{asked}")


def _outcome(times: dict[Address, list[Took]], actions: int) -> Outcome:
    slow = [
        Slow(address, p95([one.ms for one in took]), median(one.busy for one in took))
        for address, took in times.items()
    ]
    slow.sort(key=lambda each: -each.ms)
    above = [each for each in slow if each.ms > AIM_MS]
    requests = [one.ms for took in times.values() for one in took]
    return Outcome(
        f"{len(slow):,} addresses beside {actions:,} actions: each list with each filter and order, its next and its last"
        " page, and each search.",
        {
            "Lists, searches and reports, median": Measured(median(requests)),
            "Lists, searches and reports, p95": Measured(p95(requests)),
            f"Addresses with a p95 above {AIM_MS} ms": Measured(len(above)),
            "Memory of the process that showed them": Measured(peak_mb()),
        },
        [
            f"{each.ms:,.0f} ms, of which busy {each.busy:,.0f} ms: {each.address.group}: {each.address.what}"
            for each in above or slow[:SHOWN]
        ],
    )
