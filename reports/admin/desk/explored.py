"""Links from the tiles to the explorer, where every figure opens."""

from datetime import date

from django.urls import reverse

from reports.domain.question.days import Days
from reports.domain.question.question import Question


def explored(question: Question) -> str:
    """Return the address of the explorer's page with this question."""
    return f"{reverse('admin:reports_explorer')}?{question}"


def between(first: date, last: date) -> Days:
    """Return fixed days for a question."""
    return Days("", first, last)
