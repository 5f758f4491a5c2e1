"""Step 4: the price models, one file each, in a registry used by forms, files, spreadsheets, wording and invoices.

A new model takes a file here, a line in `MODELS`, a migration (the database checks which fields each model needs), and
a folder in `pricing/files/examples`.
"""

from collections.abc import Iterator

from pricing.rating.amounts import MICRO
from pricing.rating.prices.counted import Counted
from pricing.rating.prices.fields import Fault, Field, Given, GivenTier, Kind
from pricing.rating.prices.graduated import Graduated
from pricing.rating.prices.graduated_percentage import GraduatedPercentage
from pricing.rating.prices.model import Case, Clause, Price, Row, TierPart, Together
from pricing.rating.prices.package import Package
from pricing.rating.prices.per_unit import PerUnit
from pricing.rating.prices.percentage import Percentage
from pricing.rating.prices.tiers import Tier
from pricing.rating.prices.volume import Volume

__all__ = [
    "MICRO",
    "MODELS",
    "Case",
    "Clause",
    "Counted",
    "Fault",
    "Field",
    "Given",
    "GivenTier",
    "Graduated",
    "GraduatedPercentage",
    "Kind",
    "Package",
    "PerUnit",
    "Percentage",
    "Price",
    "Row",
    "Tier",
    "TierPart",
    "Together",
    "Volume",
    "amount_fields",
]

# By code, in the order in which people choose from them.
MODELS: dict[str, type[Price]] = {
    model.code: model for model in (PerUnit, Graduated, Volume, Package, Percentage, GraduatedPercentage)
}


def amount_fields() -> list[Field]:
    """Every field that some model uses, once, except tiers: the columns of a stored rule."""
    found = dict[str, Field]()
    for model in MODELS.values():
        for each in model.fields:
            if not each.kind.is_tiers:
                found.setdefault(each.name, each)
    return list(found.values())


def models_with(name: str) -> Iterator[type[Price]]:
    """The models that use a field."""
    return (model for model in MODELS.values() if any(each.name == name for each in model.fields))
