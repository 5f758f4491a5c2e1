"""Messages for tier errors, shown by the form and by its script while the user types."""

from pricing.rating.prices.tiers import TierCode, TierFault
from pricing.rating.statement import Number, say
from pricing.wording.statement import words

WORDS = {
    TierCode.OPEN_TOO_SOON: "Only the last tier can have no end.",
    TierCode.LAST_ENDS: "The last tier must have no end. Leave this empty, or add another tier.",
    TierCode.NOT_ABOVE_ZERO: "A tier must end above zero.",
    TierCode.NOT_ASCENDING: "Tiers must ascend. This one must end after {after}.",
}


def fault_in_words(fault: TierFault) -> str:
    """`Tiers must ascend. This one must end after 10.`"""
    return words(say(WORDS[fault.code], after=Number(fault.after)), "")
