"""Who voided by hand what a credit takes back: above the company's threshold, they don't approve it."""

from billing_engine.core.approvals.people import NeedsApproval
from billing_engine.core.models import Deed
from leads.domain.voiding import ACTION_VOIDED
from leads.models import Action
from receivables.models import CreditedCharge, CreditNote


class VoiderApproves(NeedsApproval):
    """Above the sum that the company sets, the person who voided actions can't approve their credit."""

    code = "voider_approves"
    message = "You voided actions that this credits, so another person must approve it."


def voiders_of(credit: CreditNote) -> set[int]:
    """Return the ids of the people who voided the credited actions; none if their source did."""
    actions = CreditedCharge.objects.filter(line__note=credit).values_list("action", flat=True)
    found = Deed.objects.about_any(Action(pk=pk) for pk in actions).filter(verb=ACTION_VOIDED.code)
    return set(found.exclude(person=None).order_by().values_list("person", flat=True).distinct())
