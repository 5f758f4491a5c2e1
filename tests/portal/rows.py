"""One row of each kind that an address of the portal names, all of one customer."""

from django.db.models import Model
from django.utils.timezone import now

from billing_engine.accounts.domain.customer_people import enroll
from leads.domain.memberships.invitations import invite
from leads.models import Customer, MemberRole
from pricing.models import Charge
from receivables.domain.disputes.evidence import Evidence
from receivables.domain.disputes.opening import open_dispute
from receivables.domain.disputes.speaker import Speaker
from receivables.domain.disputes.subject import subject_of_charges
from receivables.models import DisputeFile, Reason
from tests.factories.leads import CustomerKeyFactory
from tests.factories.people import superuser
from tests.portal.made import PASSWORD, a_credit_note, an_invoice, join


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
        "key": CustomerKeyFactory.create(customer=customer),
        "dispute": dispute,
        "file": DisputeFile.objects.get(step__dispute=dispute),
        "member": join(enroll(email="p@northlight.example", name="P", password=PASSWORD, at=now()), customer),
        "invitation": invite(customer, email="q@x.example", name="Q", role=MemberRole.VIEWER, by=superuser(), at=now()),
    }
