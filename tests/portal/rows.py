"""One row of each kind that an address of the portal names, all of one customer."""

from django.db.models import Model
from django.utils.timezone import now

from leads.models import Customer
from pricing.models import Charge
from receivables.domain.disputes.evidence import Evidence
from receivables.domain.disputes.opening import open_dispute
from receivables.domain.disputes.speaker import Speaker
from receivables.domain.disputes.subject import subject_of_charges
from receivables.models import DisputeFile, Reason
from tests.portal.made import a_credit_note, an_invoice


def rows_of(customer: Customer) -> dict[str, Model]:
    """By the name of the id in the address."""
    invoice = an_invoice(customer, 3, 4, 5)
    charges = list(Charge.objects.filter(period=invoice.period).order_by("pk"))
    dispute = open_dispute(
        subject_of_charges([charges[0].pk]),
        reason=Reason.objects.get(code="duplicate"),
        words="Twice.",
        by=Speaker(contact="imo@northlight.example"),
        at=now(),
        files=[Evidence("note.txt", b"Twice.")],
    )
    return {
        "invoice": invoice,
        "line": invoice.lines.get(kind="charges"),
        "charge": charges[2],
        "note": a_credit_note(invoice),
        "dispute": dispute,
        "file": DisputeFile.objects.get(step__dispute=dispute),
    }
