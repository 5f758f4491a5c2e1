"""Where the time goes: the stages of rating, each run by itself over every period."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO

from django.db import connection, transaction

from leads.models import BillingPeriod
from pricing.domain.carry import carried_over
from pricing.domain.charges import COPY, charge_lines
from pricing.domain.facts import StoredActions, catalogue_for, customer_facts, rules_for
from pricing.rating.period import rate_period


class Stages:
    """Seconds by stage, in the order they come."""

    def __init__(self) -> None:
        self.seconds = dict[str, float]()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.seconds[name] = self.seconds.get(name, 0) + time.perf_counter() - started


def stages_of(periods: list[int], *, bare: str) -> dict[str, float]:
    """Fetch, decide, format and write, apart; written twice, into the bare table and into the real one."""
    stages = Stages()
    for number in periods:
        with transaction.atomic():
            _apart(BillingPeriod.objects.select_related("customer").get(pk=number), stages, bare)
            opened = time.perf_counter()
        stages.seconds["commit"] = stages.seconds.get("commit", 0) + time.perf_counter() - opened
    return stages.seconds


def _apart(period: BillingPeriod, stages: Stages, bare: str) -> None:
    with stages.stage("rules, catalogue, carried over"):
        rules, catalogue = rules_for(period.customer), catalogue_for(period.customer)
        customer, carried = customer_facts(period.customer), carried_over(period, rules)
    with stages.stage("fetch the actions"):
        actions = list(StoredActions(period))
    with stages.stage("decide"):
        decided = list(rate_period(actions, customer=customer, rules=rules, catalogue=catalogue, carried=carried))
    with stages.stage("format"):
        text = StringIO(charge_lines(period.pk, [one for one in decided if not one.is_unrated]))
    with connection.cursor() as cursor:
        with stages.stage("COPY into the bare table"):
            cursor.copy_expert(COPY.replace("pricing_charge", bare), text)
        text.seek(0)
        with stages.stage("COPY into the real one"):
            cursor.copy_expert(COPY, text)
