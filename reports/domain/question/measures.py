"""What a question can show: sums that add up over any partition, and ratios of sums."""

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """How a figure is written."""

    COUNT = "count"
    QUANTITY = "quantity"
    MONEY = "money"
    SHARE = "share"


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure: a sum, or the ratio of two sums."""

    code: str
    name: str
    kind: Kind
    means: str  # its definition, for the page
    of: tuple[str, ...] = ()  # the sums of a ratio: dividend and divisor

    @property
    def sums(self) -> tuple[str, ...]:
        """The sums that it needs."""
        return self.of or (self.code,)

    @property
    def counts_leads(self) -> bool:
        """Whether it counts leads, which can't be told apart by what their actions were."""
        return "leads" in self.sums


MEASURES = {
    each.code: each
    for each in (
        Measure("actions", "Actions", Kind.COUNT, "all rated actions, whatever their outcome"),
        Measure("charged", "Charged", Kind.COUNT, "actions charged more than $0.00"),
        Measure("included", "Included", Kind.COUNT, "actions charged $0.00 by their rule or a cap"),
        Measure("excluded", "Excluded", Kind.COUNT, "actions not charged for a stated reason"),
        Measure("unrated", "Unrated", Kind.COUNT, "actions that no rule prices yet"),
        Measure("leads", "Leads", Kind.COUNT, "leads received on these days, without test leads"),
        Measure("quantity", "Quantity", Kind.QUANTITY, "units of charged and included actions"),
        Measure("amount", "Amount", Kind.MONEY, "exact charges before line rounding, minimums and tax"),
        Measure("full_amount", "Before caps", Kind.MONEY, "what the charges would be without limits and budgets"),
        Measure("average", "Average price", Kind.MONEY, "amount ÷ charged actions", ("amount", "charged")),
        Measure("charged_share", "Charged share", Kind.SHARE, "charged actions ÷ all actions", ("charged", "actions")),
        Measure("excluded_share", "Excluded share", Kind.SHARE, "excluded ÷ all actions", ("excluded", "actions")),
        Measure("per_lead", "Per lead", Kind.MONEY, "amount ÷ leads received", ("amount", "leads")),
    )
}
