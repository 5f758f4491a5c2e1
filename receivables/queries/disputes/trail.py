"""What our own records say about disputed charges: how each arrived, and what the same person did for this customer.

Nothing of other customers is in it, so both sides can read it.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from leads.models import Action
from receivables.models import Dispute, DisputedCharge

MOST_SHOWN = 100
MOST_OTHERS = 500


@dataclass(frozen=True, slots=True)
class Trail:
    """One disputed charge: its action with lead, source and delivery, and the other actions of its person in time."""

    charge: DisputedCharge
    others: Sequence[Action]

    @property
    def action(self) -> Action:
        return self.charge.action

    @property
    def earlier_charges(self) -> list[Action]:
        """Charged actions of the same person and type before it."""
        return [
            other
            for other in self.others
            if other.occurred_at < self.action.occurred_at
            and other.action_type_id == self.action.action_type_id
            and (charge := getattr(other, "charge", None)) is not None
            and charge.amount > 0
        ]


def trail_of(dispute: Dispute) -> list[Trail]:
    """Return the records about the first charges of a dispute, in two queries."""
    related = ("action__lead__source", "action__lead__product", "action__action_type", "action__delivery")
    charges = dispute.charges.select_related(*related).order_by("action__occurred_at", "action")[:MOST_SHOWN]
    found = list(charges)
    persons = {charge.action.lead.person_key for charge in found} - {""}
    others = defaultdict[str, list[Action]](list)
    if persons:
        same = Action.objects.filter(lead__person_key__in=persons, period__customer=dispute.customer_id)
        for action in same.select_related("lead__source", "action_type", "charge").order_by("occurred_at", "pk")[
            :MOST_OTHERS
        ]:
            others[action.lead.person_key].append(action)
    return [
        Trail(charge, [each for each in others[charge.action.lead.person_key] if each.pk != charge.action_id])
        for charge in found
    ]
