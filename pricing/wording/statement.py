"""Format statements for people, each number in its own way. Another language would be another table of templates."""

from typing import assert_never

from pricing.rating.statement import Count, Money, Number, Percent, Quantity, Statement, Units, Value
from pricing.wording import numbers


def words(statement: Statement, currency: str) -> str:
    """The statement in words, with money in the rule's currency."""
    parts = {
        name: words(part, currency) if isinstance(part, Statement) else written(part, currency)
        for name, part in statement.parts.items()
    }
    return statement.text.format_map(parts) if parts else statement.text


def written(quantity: Quantity, currency: str) -> str:
    """`$2.50`, `1,250`, `1.3%`, `units 1–100`."""
    match quantity:
        case Money(micro):
            return numbers.money(micro, currency)
        case Number(micro):
            return numbers.number(micro)
        case Percent(micro):
            return numbers.percent(micro)
        case Count(count):
            return f"{count:,}"
        case Units(above, up_to):
            return numbers.units(above, up_to)
        case Value(above, up_to):
            return numbers.value(above, up_to, currency)
        case _ as unreachable:
            assert_never(unreachable)
