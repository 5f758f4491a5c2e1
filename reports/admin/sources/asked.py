"""What an address asks for, and what the person may see of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlencode

from django.http import HttpRequest
from django.utils.timezone import now

from billing_engine.core.calendar.wording import named_in_words
from reports.domain.question.days import BETWEEN, NAMED
from reports.domain.question.faults import BadQuestion
from reports.queries.source_quality.days import Days
from reports.queries.source_quality.groups import GROUPS, SOURCE
from reports.queries.source_quality.quality import Figures

USUAL_DAYS = "last_30_days"
MAY_SEE_DISPUTED = ("pricing.view_charge", "receivables.view_dispute", "receivables.view_creditnote")
OTHER = "other"  # the choice of two ends, instead of a name
RANGES = [(key, name) for key, (name, _) in NAMED.items() if key != "all"]


@dataclass(frozen=True, slots=True)
class Asked:
    """A range of days, a grouping, and the column that tables are sorted by, largest first or not."""

    days: Days
    by: str = SOURCE
    sort: str = ""
    is_largest_first: bool = False
    named: str = ""

    @classmethod
    def of(cls, request: HttpRequest, *, sorts: Sequence[str] = ()) -> Self:
        """Read the address. Raises BadQuestion."""
        by, sort = request.GET.get("by", SOURCE), request.GET.get("sort", "")
        if by not in GROUPS:
            raise BadQuestion("by", f"“{by[:40]}” can't be used for grouping. Choose from {', '.join(GROUPS)}.")
        column = sort.removeprefix("-")
        if column and column not in sorts:
            raise BadQuestion("sort", f"“{column[:40]}” is not a column. Choose from {', '.join(sorts)}.")
        named = request.GET.get("days", "") or USUAL_DAYS
        ends = f"{request.GET.get('from', '')}{BETWEEN}{request.GET.get('to', '')}"
        days = Days.read(ends if named == OTHER else named, today=now().date())
        return cls(days, by, column, sort.startswith("-"), named if named in NAMED else "")

    def sorted_by(self, column: str, *, is_name: bool) -> str:
        """The address that sorts by a column: by a name from A, by a figure from the largest, and then the other way."""
        is_sorted = column == self.sort
        is_next_largest = not self.is_largest_first if is_sorted else not is_name
        sort = f"{'-' if is_next_largest else ''}{column}"
        return f"?{urlencode({'days': self.named or str(self.days), 'by': self.by, 'sort': sort}, safe='.')}"

    @property
    def before_in_words(self) -> str:
        """`the 30 days before`."""
        return "the day before" if self.days.count == 1 else f"the {self.days.count} days before"

    @property
    def as_form(self) -> dict[str, Any]:
        """What the form of the range shows."""
        chosen = {"chosen": self.named or OTHER, "by": self.by, "days": self.days}
        return chosen | {"days_in_words": named_in_words(self.days.first, self.days.last)}


def seen_by(request: HttpRequest) -> Figures:
    """What this person may see."""
    may = request.user.has_perms
    return Figures(
        received=may(["leads.view_delivery"]),
        refusals=may(["leads.view_delivery", "leads.view_quarantineditem"]),
        worth=may(["pricing.view_charge"]),
        disputes=may(MAY_SEE_DISPUTED),
    )
