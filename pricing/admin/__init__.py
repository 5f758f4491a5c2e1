"""The admin of the pricing app, one file per subject."""

from pricing.admin import action_cost, charges, checks, menu, periods, search, unrated
from pricing.admin.rules import rule_admin
from pricing.admin.simulations import simulation_admin

__all__ = ["action_cost", "charges", "checks", "menu", "periods", "rule_admin", "search", "simulation_admin", "unrated"]
