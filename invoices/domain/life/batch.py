"""Invoices that are locked and processed together; a single invoice is a batch of one."""

from collections.abc import Callable, Sequence

from django.db.models import prefetch_related_objects

from billing_engine.core.errors import Refused
from invoices.domain.document.parties import SELLERS
from invoices.models import Invoice

State = Invoice.State


class WrongState(Refused):
    """A step needs an invoice in the right state."""

    code = "wrong_state"


class Batch:
    """Invoices in the order given: those that pass, as they are now and locked, and why each other one is refused."""

    def __init__(self, invoices: Sequence[Invoice], *states: Invoice.State) -> None:
        """Lock and reload the invoices, those in another state are refused; in order of their ids, against deadlocks."""
        rows = Invoice.objects.select_for_update(of=("self",)).select_related("period__customer")
        found = {row.pk: row for row in rows.filter(pk__in=[invoice.pk for invoice in invoices]).order_by("pk")}
        self.refused: dict[int, Refused] = {
            invoice.pk: WrongState(_in_wrong_state(found.get(invoice.pk), states))
            for invoice in invoices
            if invoice.pk not in found or found[invoice.pk].state not in states
        }
        self.passing = [found[invoice.pk] for invoice in invoices if invoice.pk not in self.refused]

    def check(self, check: Callable[[Invoice], object]) -> None:
        """Refuse the invoices for which this raises."""
        for invoice in self.passing:
            try:
                check(invoice)
            except Refused as refusal:
                self.refused[invoice.pk] = refusal
        self.passing = [invoice for invoice in self.passing if invoice.pk not in self.refused]

    @property
    def periods(self) -> list[int]:
        """Return the ids of the billing periods of those that pass."""
        return [invoice.period_id for invoice in self.passing]

    def only(self) -> Invoice:
        """Return the invoice of a batch of one; raise why it is refused."""
        for refusal in self.refused.values():
            raise refusal
        [invoice] = self.passing
        return invoice


def locked(invoice: Invoice, *states: Invoice.State) -> Invoice:
    """Lock and reload the invoice; raise WrongState unless it is in one of the states."""
    found = Batch([invoice], *states).only()
    prefetch_related_objects([found], SELLERS)
    return found


def _in_wrong_state(found: Invoice | None, states: Sequence[Invoice.State]) -> str:
    is_now = "deleted" if found is None else found.get_state_display().lower()
    return f"This invoice is {is_now}, not {' or '.join(state.label.lower() for state in states)}."
