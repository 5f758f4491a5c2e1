"""Tell the contacts that a customer had before: an unexpected change of an account or address is noticed."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.core.mail import DNS_NAME
from django.db.models import QuerySet

from billing_engine.core.letters.letter import letter_of, message_of
from billing_engine.core.queues.attempt import Failure
from billing_engine.core.queues.leased import LeasedQueue
from leads.domain.brand import brand_of
from leads.domain.terms.wording import from_in_words
from leads.models import CompanyDetails, Customer, CustomerTerms, Notice

PAUSE = timedelta(minutes=30)
MOST_ATTEMPTS = 20  # about ten hours
LEASE = timedelta(minutes=5)


class Notices(LeasedQueue[Notice, None]):
    """The queue of notices to send."""

    task = "leads.notice"
    lease = LEASE
    most_attempts = MOST_ATTEMPTS

    def waiting(self) -> QuerySet[Notice]:
        return Notice.objects.filter(settled_at=None).select_related("customer")

    def act(self, notice: Notice, *, at: datetime) -> None:
        # Copies of one notice share their Message-ID: a worker may end after the server took it.
        headers = {"Message-ID": f"<notice-{notice.pk}-{notice.requested_at:%Y%m%d%H%M%S}@{DNS_NAME}>"}
        letter = letter_of(notice.subject, notice.body, brand=brand_of(notice.customer))
        message_of(letter, to=notice.to, headers=headers).send()

    def settle(self, notice: Notice, result: None, *, at: datetime) -> None:
        notice.settled_at, notice.next_attempt_at, notice.failure = at, None, ""

    def fail(self, notice: Notice, failure: Failure, *, at: datetime) -> None:
        notice.failure, notice.next_attempt_at = failure.words, at + PAUSE
        if notice.attempts >= MOST_ATTEMPTS:
            notice.settled_at, notice.next_attempt_at = at, None


NOTICES = Notices()


def tell_old_contacts(revision: CustomerTerms, *, to: Sequence[str], at: datetime) -> None:
    """Tell the contacts that a customer had that its seller or its contacts change."""
    what = [
        words
        for name, words in (
            ("seller", f"Invoices come from {revision.seller or 'another company'}."),
            ("billing_contacts", f"Invoices are sent to {', '.join(revision.billing_contacts) or 'no email address'}."),
        )
        if name in revision.changed
    ]
    _tell(
        revision.customer,
        to,
        "Your billing details change",
        " ".join(what),
        since=from_in_words(revision.first_day),
        at=at,
    )


def tell_customers(revision: CompanyDetails, *, at: datetime) -> None:
    """Tell every customer of this company that the account or the address for questions changes."""
    said = []
    if "pay_to" in revision.changed:
        said.append("The bank details on our invoices change. The new ones are:\n\n" + revision.pay_to)
    if "email" in revision.changed:
        said.append(f"For questions about invoices, write to {revision.email}.")
    name = revision.company.name
    for customer in Customer.objects.filter(is_active=True).prefetch_related("terms"):
        terms = customer.terms.on(customer.day_of(at))
        if terms.seller_id == revision.company_id:
            subject = f"{name}: changed payment details"
            _tell(
                customer,
                terms.billing_contacts,
                subject,
                "\n\n".join(said),
                since=from_in_words(revision.first_day),
                at=at,
            )


def _tell(customer: Customer, to: Sequence[str], subject: str, what: str, *, since: str, at: datetime) -> None:
    if not to:
        return
    body = (
        f"Dear {customer.name},\n\n{what}\n\nThis applies {since}. If you did not expect this, reply to the contact that you"
        " know, and do not use the new details until you have heard from a person.\n"
    )
    notice = Notice.objects.create(
        customer=customer, to=list(to), subject=subject, body=body, requested_at=at, next_attempt_at=at
    )
    NOTICES.ask_for(notice)
