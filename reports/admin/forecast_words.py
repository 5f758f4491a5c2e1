"""A forecast in words: rounded, with its range, and how far to trust it."""

from decimal import Decimal

from billing_engine.core.admin_kit.cells import NOTHING
from billing_engine.core.money import estimate_in_words, in_words
from reports.domain.forecast.profile import FEWEST_WEEKS
from reports.queries.forecast import Forecast

# A range this wide at most, in parts of the forecast, from its lower to its upper end.
HIGH, MEDIUM = Decimal("0.2"), Decimal("0.5")


def by_size(forecast: Forecast) -> tuple[str, Decimal, str]:
    """Sort by currency, the largest first: by what is expected, or where nothing is, by what is charged."""
    expected = forecast.so_far if forecast.forecast is None else forecast.forecast
    return forecast.customer.currency, -expected, forecast.customer.name


def exact_in_words(amount: Decimal | None, currency: str) -> str:
    """An amount as on an invoice; a dash if there is none."""
    return NOTHING if amount is None else in_words(amount, currency)


def estimate(amount: Decimal | None, currency: str) -> str:
    """An expected amount, rounded to three digits."""
    return NOTHING if amount is None else estimate_in_words(amount, currency)


def range_in_words(low: Decimal | None, high: Decimal | None, currency: str) -> str:
    """`$7,180 – $8,240`."""
    if low is None or high is None:
        return NOTHING
    ends = estimate_in_words(low, currency), estimate_in_words(high, currency)
    return ends[0] if ends[0] == ends[1] else f"{ends[0]} – {ends[1]}"


def confidence_in_words(forecast: Forecast) -> str:
    """How far to trust it: by the width of its range, or why it has none."""
    if forecast.forecast is None:
        return f"Not enough history: {forecast.weeks} of {FEWEST_WEEKS} weeks before the month"
    if forecast.low is None or forecast.high is None:
        return "No range yet: too few past weeks to test it on"
    if not forecast.forecast:
        return "Nothing expected"
    width = (forecast.high - forecast.low) / forecast.forecast
    return "High" if width <= HIGH else "Medium" if width <= MEDIUM else "Low"


def notes_in_words(forecast: Forecast) -> list[str]:
    """What the terms of the customer do with it."""
    expected, currency = forecast.forecast, forecast.customer.currency
    budget, minimum = forecast.commitments.hard_budget, forecast.commitments.minimum
    notes = []
    if forecast.late:
        notes.append(f"Late activity of {in_words(forecast.late, currency)} is billed on top.")
    if budget is not None and expected is not None and expected + forecast.late >= budget:
        notes.append(f"Reaches its hard budget of {in_words(budget, currency)}.")
    if minimum and expected is not None and expected + forecast.late < minimum:
        notes.append(f"Below its monthly minimum of {in_words(minimum, currency)}, which is billed.")
    return notes
