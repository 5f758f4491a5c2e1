"""What trims a price, by name."""

from pricing.rating.caps import BUDGET, PER_LEAD, PER_PERIOD

# As whoever keeps the rules knows them.
OF_A_RULE = {
    PER_LEAD: "The rule's limit per lead",
    PER_PERIOD: "The rule's limit per period",
    BUDGET: "The customer's monthly budget",
}
# As they stand on an invoice.
ON_AN_INVOICE = {
    PER_LEAD: "the limit per lead",
    PER_PERIOD: "the limit per billing period",
    BUDGET: "the monthly budget",
}


def above(cap: str) -> str:
    """`above the limit per lead`: what a cut amount is, on an invoice."""
    return f"above {ON_AN_INVOICE[cap]}"
