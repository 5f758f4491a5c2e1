"""Finds what waits to be billed or rendered, whatever became of the messages."""

from billing_engine.core.later import after_commit
from invoices.models import BillingCycle, BillingRunItem, Invoice

AT_A_TIME = 5_000


def ask_for_waiting_items() -> int:
    """Ask for every item of a run that waits to be billed; answers how many."""
    waiting = list(BillingRunItem.objects.waiting().values_list("pk", flat=True)[:AT_A_TIME])
    for item_id in waiting:
        after_commit("invoices.bill", item_id=item_id)
    return len(waiting)


def ask_for_errands() -> int:
    """Ask for what finance wants done with all invoices of a cycle; answers how many."""
    cycles = list(BillingCycle.objects.exclude(errand="").values_list("pk", flat=True))
    for cycle_id in cycles:
        after_commit("invoices.errand", cycle_id=cycle_id)
    return len(cycles)


def ask_for_missing_documents() -> int:
    """Ask for the PDF of every issued invoice that has none yet; answers how many."""
    missing = Invoice.objects.filter(state=Invoice.State.ISSUED, document=None).values_list("pk", flat=True)[:AT_A_TIME]
    for invoice_id in missing:
        after_commit("invoices.render", invoice_id=invoice_id)
    return len(missing)
