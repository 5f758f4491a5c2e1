"""The report of a dry run: every fault by row and column, and what each draft would be; kept as plain data."""

from datetime import datetime
from itertools import islice
from typing import Any

from billing_engine.core.calendar.wall_clock import in_words
from pricing.domain.rule_book.sheet.plan import CHANGED, NEW, REVISION, SAME, Plan, preview
from pricing.domain.rule_wording import price_in_words, scope_in_words
from pricing.domain.scope.fit import LastMonth
from pricing.models import PriceRule

FAULTS_KEPT = 1_000  # each row may have one in every column
DRAFTS_SHOWN = 100
LONGEST_WORDS = 500  # a fault may quote a cell, and a cell may be as long as the file
CUT = "…"

Report = dict[str, Any]


def report_of(plans: list[Plan], *, at: datetime) -> Report:
    """What the rows would do, and what is wrong with them."""
    faults = [(each.number, cut(each.name), column, cut(words)) for each in plans for column, words in each.faults]
    good = [each for each in plans if not each.faults and each.does in (NEW, REVISION, CHANGED)]
    shown = list(islice(good, DRAFTS_SHOWN))
    last_month = LastMonth.read(at=at) if shown else LastMonth([])
    return {
        "faults": faults[:FAULTS_KEPT],
        "faults_left_out": max(0, len(faults) - FAULTS_KEPT),
        "faulty_rows": sum(bool(each.faults) for each in plans),
        "drafts": [_shown(each, at, last_month) for each in shown],
        "draft_count": len(good),
        "unchanged": sum(not each.faults and each.does == SAME for each in plans),
    }


def cut(words: str) -> str:
    """The words, at most as long as a page can show."""
    return words if len(words) <= LONGEST_WORDS else words[: LONGEST_WORDS - len(CUT)] + CUT


def _shown(each: Plan, at: datetime, last_month: LastMonth) -> dict[str, Any]:
    """The draft that a row would create, and its warnings."""
    draft, warnings = preview(each, at=at, last_month=last_month) or (PriceRule(), [])
    return {
        "number": each.number,
        "does": each.does,
        "name": each.name,
        "rule": each.rule.pk if each.rule else None,
        "changed": [[column, cut(before), cut(after)] for column, before, after in each.changed],
        "begins": in_words(draft.wall_from) + (f" until {in_words(draft.wall_to)}" if draft.wall_to else ""),
        "price": price_in_words(draft),
        "scope": scope_in_words(draft) or ["Everything"],
        "warnings": [
            {
                "words": warning.words,
                "sentence": warning.sentence,
                "rules": [[one.pk, str(one)] for one in warning.rules],
            }
            for warning in warnings
        ],
    }
