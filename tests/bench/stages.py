"""Where the time goes: the stages of rating, each run separately over every period."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from itertools import groupby

from django.db import connection, transaction

from leads.models import BillingPeriod
from pricing.domain.rate.actions import START, StoredActions, period_of
from pricing.domain.rate.book.books import books_of
from pricing.domain.rate.carry_over import carried_over
from pricing.domain.rate.charges import COPY, charge_lines
from pricing.domain.rate.inputs import period_facts
from pricing.domain.rate.sweep import TOGETHER
from pricing.rating.period import rate_period


class Stages:
    """Seconds by stage, in order."""

    def __init__(self) -> None:
        self.seconds = dict[str, float]()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.seconds[name] = self.seconds.get(name, 0) + time.perf_counter() - started


def stages_of(periods: list[int], *, bare: str) -> dict[str, float]:
    """Fetch, decide, format and write, separately; written twice, into a plain table and into the real one."""
    stages = Stages()
    for start in range(0, len(periods), TOGETHER):
        with transaction.atomic():
            _apart(periods[start : start + TOGETHER], stages, bare)
            opened = time.perf_counter()
        stages.seconds["commit"] = stages.seconds.get("commit", 0) + time.perf_counter() - opened
    return stages.seconds


def _apart(numbers: list[int], stages: Stages, bare: str) -> None:
    with stages.stage("rules, catalog, carried over"):
        periods = list(BillingPeriod.objects.select_related("customer").filter(pk__in=numbers))
        customers = {period.pk: period.customer for period in periods}
        by_pk = {period.pk: period for period in periods}
        books = books_of(customers.values())
        carried = carried_over(periods, {pk: book.rules for pk, book in books.items()})
    with stages.stage("fetch the actions"):
        actions = {pk: list(each) for pk, each in groupby(StoredActions(dict.fromkeys(numbers, START)), key=period_of)}
    with stages.stage("decide"):
        decided = {
            pk: list(
                rate_period(
                    each,
                    customer=period_facts(by_pk[pk]),
                    rules=books[customers[pk].pk].rules,
                    catalog=books[customers[pk].pk].catalog,
                    carried=carried[pk],
                )
            )
            for pk, each in actions.items()
        }
    with stages.stage("format"):
        lines = [charge_lines(pk, [one for one in each if not one.is_unrated]) for pk, each in decided.items()]
        text = StringIO("".join(lines))
    with connection.cursor() as cursor:
        with stages.stage("COPY into the bare table"):
            cursor.copy_expert(COPY.replace("pricing_charge", bare), text)
        text.seek(0)
        with stages.stage("COPY into the real one"):
            cursor.copy_expert(COPY, text)
