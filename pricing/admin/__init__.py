"""The admin of the pricing app, one file per subject."""

from pricing.admin import action_cost, charges, checks, customer_figures, menu, periods, price_finder, search
from pricing.admin.rules import imports, rule_admin
from pricing.admin.simulations import simulation_admin
from pricing.admin.unrated_actions import unrated_admin

__all__ = [
    "action_cost",
    "charges",
    "checks",
    "customer_figures",
    "imports",
    "menu",
    "periods",
    "price_finder",
    "rule_admin",
    "search",
    "simulation_admin",
    "unrated_admin",
]
