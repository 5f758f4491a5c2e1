"""The table, the picture and the file of a mailed report are one read, whatever is rated meanwhile."""

import csv
import io
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from billing_engine.core.read_replica import one_snapshot
from pricing.models import DailyActivity
from reports.domain.saved.saved_report import question_of
from reports.queries.explore.answer import answer_of
from reports.queries.mailed.letter import letter_of
from tests.factories.reports import a_reader
from tests.processes import at_once
from tests.reports.random_company import a_random_company
from tests.reports.saved.made import FIRST_DUE, QUESTION, scheduled, started

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]

FORGET = """
from pricing.models import DailyActivity, MonthlyActivity
DailyActivity.objects.all()._raw_delete("default")
MonthlyActivity.objects.all()._raw_delete("default")
"""


def test_activity_that_goes_away_while_a_letter_is_written_is_in_all_of_its_parts() -> None:
    a_random_company(7)
    row = scheduled(a_reader("frank"), question=f"{QUESTION}&channel=webinar")
    mailing = started(row, FIRST_DUE)
    whole = answer_of(question_of(row.report), at=FIRST_DUE)
    statements = list[str]()

    def after_the_first(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        """Once the letter has read the roll-up for its table, another process empties it."""
        found = execute(sql, *rest)
        if "activity" in sql:
            statements.append(sql)
            if len(statements) == 1:
                at_once(FORGET)
        return found

    with connection.execute_wrapper(after_the_first):
        letter = letter_of(mailing)

    assert not DailyActivity.objects.exists()
    assert len(statements) > 1
    assert letter.file is not None
    rows = list(csv.DictReader(io.StringIO(letter.file.content.decode("utf-8-sig"))))[:-1]
    assert letter.picture
    for currency, group in whole.by_currency.items():
        own = [each for each in rows if each["Currency"] == currency]
        assert sum(Decimal(each["Amount"]) for each in own) == group.total.sums["amount"]
        assert f"Total, {currency}" in letter.text
    assert "Nothing was found" not in letter.text


def test_a_snapshot_is_read_only() -> None:
    with one_snapshot(), connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('transaction_isolation'), current_setting('transaction_read_only')")

        assert cursor.fetchone() == ("repeatable read", "on")
