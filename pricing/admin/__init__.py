"""The admin of the pricing storey: one file per subject."""

from pricing.admin import charges, checks, finding, periods, priced, rules, simulations, unrated

__all__ = ["charges", "checks", "finding", "periods", "priced", "rules", "simulations", "unrated"]
