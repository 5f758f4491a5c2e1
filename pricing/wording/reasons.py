"""Why an action costs the buyer nothing: a name for lists, and a sentence; by the codes of `pricing.rating.exclude`."""

from pricing.rating import exclude

TO_BUYER = {
    exclude.NOT_BILLABLE: ("Kind of action that is never charged", "This kind of action is not part of your prices."),
    exclude.ALREADY_CHARGED: (
        "Already charged",
        "The same person did the same before, and you paid for the first one.",
    ),
    exclude.EXCLUDED_CONTACT: ("Your own staff", "The person's email address ends in a domain on your list."),
    exclude.TEST_LEAD: ("Test", "The source marked the lead as a test."),
    exclude.VOIDED: ("Canceled", "The action was taken back, so you don't pay for it."),
    exclude.OUTSIDE_CONTRACT: ("Outside your contract", "It happened before your contract began or after it ended."),
    exclude.NOT_HIGHEST: (
        "Higher-priced action of this lead charged",
        "Of a lead only the highest-priced one is charged.",
    ),
    exclude.DISPUTED: ("Disputed and accepted", "You disputed it, and we agreed."),
    exclude.WAIVED: ("Waived by us", "We decided not to charge it."),
}


def name_to_buyer(code: str) -> str:
    """`Already charged`; an unknown code is returned readable."""
    return TO_BUYER[code][0] if code in TO_BUYER else code.replace("_", " ").capitalize()


def sentence_to_buyer(code: str) -> str:
    """Why actions of this reason cost nothing; empty for an unknown code."""
    return TO_BUYER[code][1] if code in TO_BUYER else ""
