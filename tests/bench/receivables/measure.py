"""How long ageing, a statement and their past days take."""

import time
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client, override_settings

from leads.models import Customer
from tests.bench.lists.measure import PLAIN_FILES
from tests.bench.measure import say
from tests.bench.receivables import world
from tests.bench.report.lines import Measured, Outcome
from tests.bench.report.registry import Asked
from tests.bench.waiting import opened, p95
from tests.bench.worker import peak_mb

TINY, QUICK, FULL = 20, 1_000, 10_000  # customers
AGEING, STATEMENT = "/admin/receivables/ageing/", "/admin/receivables/statement/"
LONG_AGO = world.TODAY - timedelta(days=200)
TIMES = 20


def measure_receivables(asked: Asked) -> Outcome:
    """Build the ledger, and open each page several times."""
    customers = asked.sized(TINY, QUICK, FULL)
    call_command("migrate", verbosity=0)
    world.build(customers)
    browser = Client()
    browser.force_login(User.objects.create(username=f"fay{time.time()}", is_staff=True, is_superuser=True))
    middle = Customer.objects.order_by("pk")[customers // 2].pk
    pages = {
        "Ageing, first page": f"{AGEING}?as_of={world.TODAY}",
        "Ageing dated up to a day 200 days ago": f"{AGEING}?as_of={LONG_AGO}",
        "Ageing known on a day 200 days ago": f"{AGEING}?as_of={LONG_AGO}&basis=known",
        "Statement": f"{STATEMENT}?customer={middle}&as_of={world.TODAY}",
        "Statement of a day 200 days ago": f"{STATEMENT}?customer={middle}&as_of={LONG_AGO}",
    }
    found = dict[str, float]()
    with override_settings(ALLOWED_HOSTS=["*"], STORAGES=settings.STORAGES | PLAIN_FILES):
        for name, path in pages.items():
            say(f"opening {name}")
            opened(browser, path)
            found[name] = p95([opened(browser, path).ms for _ in range(max(2, asked.rounds * TIMES // 3))])
    now = found["Ageing, first page"]
    return Outcome(
        f"{customers:,} customers, {customers * world.POSTINGS_A_CUSTOMER:,} postings at most.",
        {
            "Ageing, first page, p95": Measured(now),
            "Ageing dated up to a day 200 days ago, p95": Measured(found["Ageing dated up to a day 200 days ago"], now),
            "Ageing known on a day 200 days ago, p95": Measured(found["Ageing known on a day 200 days ago"], now),
            "Statement, p95": Measured(found["Statement"]),
            "Statement of a day 200 days ago, p95": Measured(found["Statement of a day 200 days ago"]),
            "Memory of the process that showed receivables": Measured(peak_mb()),
        },
        ["Invoices themselves are left out; their documents, postings and matches are there."],
    )
