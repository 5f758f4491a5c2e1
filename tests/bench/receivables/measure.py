"""How long ageing, a statement and their past days take; and a bank's file and a reminder run."""

import time
from datetime import timedelta
from statistics import median

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client, override_settings

from leads.models import Customer
from tests.bench.lists.measure import PLAIN_FILES
from tests.bench.measure import say
from tests.bench.receivables import world
from tests.bench.receivables.bank_file import add_open_invoices, book_a_file
from tests.bench.receivables.reminder_run import remind
from tests.bench.report.lines import Measured, Outcome
from tests.bench.report.registry import Asked
from tests.bench.waiting import Took, opened, p95
from tests.bench.worker import peak_mb

TINY, QUICK, FULL = 20, 1_000, 10_000  # customers
AGEING, STATEMENT = "/admin/receivables/ageing/", "/admin/receivables/statement/"
LONG_AGO = world.TODAY - timedelta(days=200)
TIMES = 20


def measure_receivables(asked: Asked) -> Outcome:
    """Build the ledger, open each page several times, book a file, and remind."""
    customers = asked.sized(TINY, QUICK, FULL)
    call_command("migrate", verbosity=0)
    world.build(customers)
    took = _opened(customers, max(2, asked.rounds * TIMES // 3))
    found = {name: p95([each.ms for each in times]) for name, times in took.items()}
    now, shown_mb = found["Ageing, first page"], peak_mb()
    open_invoices = add_open_invoices()
    file, certain = book_a_file(customers)
    run = remind()
    return Outcome(
        f"{customers:,} customers, {customers * world.POSTINGS_A_CUSTOMER:,} postings at most; a bank's file of {customers:,}"
        f" rows beside {open_invoices:,} open invoices.",
        {
            **{
                f"{name}, p95": Measured(ms, now)
                if name.endswith("200 days ago") and "Ageing" in name
                else Measured(ms)
                for name, ms in found.items()
            },
            "Memory of the process that showed receivables": Measured(shown_mb),
            "Rows of a bank's file, read, matched and booked": Measured(1_000 * customers / file.ms),
            "Reminders, made and sent": Measured(1_000 * run.reminders / (run.start.ms + run.send.ms)),
            "Memory for the last nine tenths of a reminder run": Measured(run.mb),
        },
        [
            "Invoices themselves are left out; their documents, postings and matches are there.",
            f"Python and its backend were busy for {', '.join(_busy(name, times) for name, times in took.items())}.",
            f"The bank's file: {certain:,} rows were certain and booked in one transaction; {file.ms / 1_000:,.1f} s in all, of"
            f" which Python and its backend were busy {file.busy / 1_000:,.1f} s. 10,000 rows in 30 s are 333 rows a second.",
            f"The reminder run: {run.reminders:,} rows in {run.start.ms / 1_000:,.1f} s; then {run.send.ms / 1_000:,.1f} s (busy"
            f" {run.send.busy / 1_000:,.1f} s) to make each email and hand it to no server, one worker.",
        ],
    )


def _opened(customers: int, times: int) -> dict[str, list[Took]]:
    browser = Client()
    browser.force_login(User.objects.create(username=f"fay{time.time()}", is_staff=True, is_superuser=True))
    middle = Customer.objects.order_by("pk")[customers // 2].pk
    pages = {
        "Ageing, first page": f"{AGEING}?as_of={world.TODAY}",
        "Ageing dated up to a day 200 days ago": f"{AGEING}?as_of={LONG_AGO}",
        "Ageing known on a day 200 days ago": f"{AGEING}?as_of={LONG_AGO}&basis=known",
        "Receivable account at the foot of ageing": f"{AGEING}account/?as_of={world.TODAY}&currency=USD",
        "Statement": f"{STATEMENT}?customer={middle}&as_of={world.TODAY}",
        "Statement of a day 200 days ago": f"{STATEMENT}?customer={middle}&as_of={LONG_AGO}",
    }
    found = dict[str, list[Took]]()
    with override_settings(ALLOWED_HOSTS=["*"], STORAGES=settings.STORAGES | PLAIN_FILES):
        for name, path in pages.items():
            say(f"opening {name}")
            opened(browser, path)
            found[name] = [opened(browser, path) for _ in range(times)]
    return found


def _busy(name: str, times: list[Took]) -> str:
    return f"{median(each.busy for each in times):,.0f} ms ({name[0].lower()}{name[1:]})"
