"""The names of caps."""

from pricing.rating.caps import BUDGET, PER_LEAD, PER_PERIOD

# For people who manage rules.
OF_A_RULE = {
    PER_LEAD: "The rule's limit per lead",
    PER_PERIOD: "The rule's limit per period",
    BUDGET: "The customer's monthly budget",
}
# For invoices.
ON_AN_INVOICE = {
    PER_LEAD: "the limit per lead",
    PER_PERIOD: "the limit per billing period",
    BUDGET: "the monthly budget",
}


def above(cap: str) -> str:
    """The label of a cut amount on an invoice: `above the limit per lead`."""
    return f"above {ON_AN_INVOICE[cap]}"
