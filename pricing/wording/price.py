"""How a price came about, step by step, in the parts that rating itself priced."""

from pricing.rating.prices import Case, Price
from pricing.wording.statement import words


def steps(price: Price, case: Case, currency: str) -> list[str]:
    """Why the full price is what it is."""
    return [words(statement, currency) for statement in price.explained(case)]
