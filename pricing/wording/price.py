"""Explain a price step by step, in the parts that rating priced."""

from pricing.rating.prices import Case, Price
from pricing.wording.statement import words


def steps(price: Price, case: Case, currency: str) -> list[str]:
    """Explain the full price."""
    return [words(statement, currency) for statement in price.explained(case)]
