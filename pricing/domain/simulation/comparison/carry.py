"""What simulated periods carry over to later ones, as charges do in rating."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from leads.models import BillingPeriod
from pricing.domain.rate.carry_over import carried_over
from pricing.rating.counters import Counters
from pricing.rating.once import Key, Paid
from pricing.rating.values import LeadId, LineageId, RuleFacts


class Carry:
    """What a customer's simulated periods carry over to its later ones, instead of their stored charges."""

    def __init__(self) -> None:
        self.done = list[int]()
        self._paid = defaultdict[Key, list[Paid]](list)
        self._stored_paid = dict[Key, set[Paid]]()
        self._by_lead = dict[tuple[LineageId, LeadId], int]()
        self._stored_by_lead = dict[tuple[LineageId, LeadId], int]()
        self._latest: Counters | None = None

    def begin(self, counters: Counters) -> None:
        """Add what the simulated periods carry over to the counters that stored charges give a later period."""
        self._take_over()
        self._stored_by_lead = dict(counters.by_lead)
        self._stored_paid = {key: set(ones) for key, ones in counters.paid.items()}
        for key, ones in self._paid.items():
            counters.paid[key] = sorted([*counters.paid[key], *ones])
        for lead, amount in self._by_lead.items():
            counters.by_lead[lead] += amount

    def end(self, period: BillingPeriod, counters: Counters) -> None:
        """Keep the period's counters after its rating; most are of a customer's last period, and never needed."""
        self.done.append(period.pk)
        self._latest = counters

    def _take_over(self) -> None:
        """Set apart what the latest period itself adds: stored charges of other periods are read again for the next."""
        counters, self._latest = self._latest, None
        if counters is None:
            return
        for key, ones in counters.paid.items():
            known = self._stored_paid.get(key, set()).union(self._paid.get(key, ()))
            self._paid[key] += [one for one in ones if one not in known]
        stored = self._stored_by_lead
        self._by_lead = {lead: amount - stored.get(lead, 0) for lead, amount in counters.by_lead.items()}


def begun(
    periods: Sequence[BillingPeriod], rules: Mapping[int, list[RuleFacts]], carries: Mapping[int, Carry]
) -> dict[int, Counters]:
    """Like `carried_over`, with the simulated counters of simulated periods; by customer, of whom each has one period."""
    done = [pk for carry in carries.values() for pk in carry.done]
    counters = carried_over(periods, rules, without=done)
    for period in periods:
        carries[period.customer_id].begin(counters[period.pk])
    return counters
