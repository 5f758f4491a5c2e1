"""The admin of the pricing storey: one file per subject."""

from pricing.admin import charges, periods, priced, rules, unrated

__all__ = ["charges", "periods", "priced", "rules", "unrated"]
