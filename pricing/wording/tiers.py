"""What is wrong with a tier, beside its field: said by the form and, while it is typed, by the page's script."""

from pricing.rating.prices.tiers import TierCode, TierFault
from pricing.rating.statement import Number, say
from pricing.wording.statement import words

WORDS = {
    TierCode.OPEN_TOO_SOON: "Only the last tier has no end.",
    TierCode.LAST_ENDS: "The last tier has no end: leave this empty, or add another tier.",
    TierCode.NOT_ABOVE_ZERO: "A tier ends above zero.",
    TierCode.NOT_ASCENDING: "Tiers ascend: this one must end after {after}.",
}


def fault_in_words(fault: TierFault) -> str:
    """`Tiers ascend: this one must end after 10.`"""
    return words(say(WORDS[fault.code], after=Number(fault.after)), "")
