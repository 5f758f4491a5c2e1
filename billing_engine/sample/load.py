"""The sample company's first month, through the usual interfaces: leads over HTTP, rating and billing by workers.

Every step can be repeated: leads sent again are duplicates, and a run that has started is waited for.
"""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from urllib.request import Request, urlopen

from django.contrib.auth.models import User
from django.utils.timezone import now

from billing_engine.core.calendar.spans import Month
from billing_engine.sample import receivables
from billing_engine.sample.leads import documents, earlier, earlier_months, last_month
from invoices.domain.run.billing_run import Progress, progress, start
from invoices.models import BillingRun
from leads.domain.credentials.api_keys import create_key, revoke_key
from leads.models import ApiKey, BillingPeriod, Source

STEP_SECONDS = 0.2
PATIENCE_SECONDS = 300.0

Counts = Counter[str]
Report = Callable[[int, int], None]  # done, of


def deliver(address: str, *, today: datetime, report: Report) -> Counts:
    """Post the sample leads as JSON to the running server; return the sums of the receipts' counts."""
    requests = [request for month in earlier_months(today) for request in earlier(month)]
    requests += documents(today=today)
    counts: Counts = Counter()
    keys = _Keys()
    for done, (source, leads) in enumerate(requests, start=1):
        counts.update(_post(f"{address}api/v1/deliveries", keys.of(source), leads)["counts"])
        report(done, len(requests))
    keys.revoke()
    return counts


def wait_for_rating(*, report: Report, check: Callable[[], None]) -> None:
    """Wait until the workers have rated every open period; `check` raises if they have died."""
    waiting = BillingPeriod.objects.open().filter(unrated_marks__isnull=False).distinct()
    most = waiting.count()
    for _ in _patiently(check):
        left = waiting.count()
        report(most - left, most)
        if not left:
            return


def settle_earlier_months(*, today: datetime, report: Report, check: Callable[[], None]) -> None:
    """Bill the months before the last one, issue their invoices, let customers pay some of them, and close the months."""
    months = earlier_months(today)
    for month in months:
        _bill(month, report=report, check=check)
    for month, drafts, day in receivables.days_of_issue(months, at=now()):
        receivables.issue_all(month, drafts, on=day, at=now())
        for _ in _patiently(check):
            if not receivables.is_issuing(month):
                break
    if not receivables.are_there():
        receivables.create(months, at=now())
    for month in months:
        receivables.close(month, at=now())


def bill_last_month(*, today: datetime, report: Report, check: Callable[[], None]) -> Progress:
    """Bill last month, whose drafts then wait for finance."""
    return _bill(last_month(today), report=report, check=check)


def _bill(cycle: Month, *, report: Report, check: Callable[[], None]) -> Progress:
    """Start the month's billing run, or find the started one, and wait until the workers have finished it."""
    run = BillingRun.objects.filter(cycle=str(cycle)).first()
    if run is None:
        run = start(cycle, by=User.objects.get(username="finance"), at=now())
    for _ in _patiently(check):
        so_far = progress(run)
        report(so_far.total - so_far.waiting, so_far.total)
        if not so_far.waiting:
            return so_far
    raise TimeoutError("unreachable")


def is_billed(*, today: datetime) -> bool:
    """Whether all of the above is done."""
    return BillingRun.objects.filter(cycle=str(last_month(today)), finished_at__isnull=False).exists()


class _Keys:
    """An API key per source, created when first needed, and revoked at the end."""

    def __init__(self) -> None:
        self._keys: dict[str, tuple[ApiKey, str]] = {}

    def of(self, source: str) -> str:
        if source not in self._keys:
            self._keys[source] = create_key(Source.objects.get(code=source))
        return self._keys[source][1]

    def revoke(self) -> None:
        for key, _ in self._keys.values():
            revoke_key(key, by=None, at=now())


def _post(url: str, key: str, leads: list[dict[str, Any]]) -> dict[str, Any]:
    request = Request(  # noqa: S310 -- our own server, on this machine
        url,
        data=json.dumps(leads).encode(),
        headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
    )
    with urlopen(request, timeout=60) as response:  # noqa: S310 -- as above
        answer: dict[str, Any] = json.load(response)
    return answer


def _patiently(check: Callable[[], None]) -> Iterator[None]:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        check()
        yield
        time.sleep(STEP_SECONDS)
    raise TimeoutError(
        f"The workers had not finished after {PATIENCE_SECONDS:.0f} seconds; see var/dev/logs/worker.log."
    )
