"""Send statements by email, each written under its claim, with its PDF stored first.

A statement counts what is dated up to its last day, and keeps the newest document that was there. The next one opens with
exactly what this one counted: what is recorded later for earlier days is among its movements.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max, QuerySet

from billing_engine.core import money
from billing_engine.core.calendar.wording import named_in_words
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.letters.brand import Brand
from billing_engine.core.money import in_words
from leads.domain.brand import brand_of_seller
from leads.domain.memberships.addresses import portal_address
from leads.domain.memberships.emails import readers_of
from leads.models import Customer, EmailTopic
from receivables.domain.ledger.open_items import Basis
from receivables.domain.papers.claimed import ClaimedMails, NotSent, Written
from receivables.domain.statements.content import content_of
from receivables.domain.statements.paper import source_of
from receivables.domain.statements.statement import Statement, statement
from receivables.models import LedgerDocument, Paper, StatementMail

DAY = timedelta(days=1)
SWITCHED_OFF = "All of the customer's contacts switched monthly statements off."


class Statements(ClaimedMails[StatementMail]):
    """The queue of statements to send."""

    task = "receivables.mail_statement"
    kind = Paper.Kind.STATEMENT
    sent = Verb("statement_sent", "Statement sent")
    not_sent = Verb("statement_not_sent", "Statement not sent")
    nothing = "Nothing moved and nothing is open."

    def waiting(self) -> QuerySet[StatementMail]:
        return StatementMail.objects.waiting().select_related("customer", "seller")

    @transaction.atomic
    def written(self, mail: StatementMail, *, at: datetime) -> Written | NotSent | None:
        # Documents that are being written refer to their customer, so this waits for them, and they for this.
        Customer.objects.select_for_update().get(pk=mail.customer_id)
        newest = LedgerDocument.objects.filter(customer=mail.customer_id).aggregate(newest=Max("pk"))["newest"]
        found = statement(
            mail.customer,
            first=mail.first,
            last=mail.last,
            currency=mail.currency,
            company=mail.seller,
            before=_counted_by_the_last(mail),
            says_what_is_disputed=True,
        )
        is_quiet = not (found.movements or found.open_debits or found.unapplied)
        if is_quiet and not mail.was_asked_for:
            return None
        terms = mail.customer.terms.on(mail.customer.day_of(at))
        with money.read_in(terms.locale):
            content = content_of(found)
            subject, body = text_of(found, content.headline, content.summary, content.seller.name)
        source = source_of(content, locale=terms.locale)
        to = mail.addresses
        if mail.month:
            to = readers_of(mail.customer, EmailTopic.STATEMENTS, on=mail.customer.day_of(at))
            if terms.billing_contacts and not to:
                return NotSent(StatementMail.State.DROPPED, SWITCHED_OFF)
        name = f"statement-{mail.customer.code}-{mail.last}"
        return Written(subject, body, to, source, name, about=(found.opening, found.closing, newest))

    def brand(self, mail: StatementMail) -> Brand:
        return brand_of_seller(mail.seller, mail.customer.today)

    def topic(self, mail: StatementMail) -> EmailTopic | None:
        """One that a person asked for goes to whom they named."""
        return EmailTopic.STATEMENTS if mail.month else None

    def kept(self, mail: StatementMail, written: Written) -> None:
        """Keep both balances, and where the next statement goes on."""
        if written.about is not None:
            mail.opening, mail.closing, mail.newest = written.about


STATEMENTS = Statements()


def _counted_by_the_last(mail: StatementMail) -> Basis | None:
    """What the last statement counted that ended on the day before; None if there is none."""
    told = StatementMail.objects.told().filter(
        customer=mail.customer_id, seller=mail.seller_id, currency=mail.currency, last=mail.first - DAY
    )
    last = told.exclude(newest=None).order_by("-pk").first()
    return Basis(last.last, newest=last.newest) if last else None


def text_of(found: Statement, headline: str, summary: str, seller: str) -> tuple[str, str]:
    """Return the subject and message, for the reader of this block (`money.read_in`)."""
    address = portal_address(found.customer, "payments")
    portal = f"See what is open: {address}\n\n" if address else ""
    days, currency = named_in_words(found.first, found.basis.day), found.currency
    sums = (
        ("Opening balance", found.opening),
        ("Charged", found.charged),
        ("Paid or credited", found.credited),
        ("Closing balance", found.closing),
    )
    lines = "\n".join(f"{label}: {in_words(amount, currency)}" for label, amount in sums)
    body = (
        f"Hello {found.customer.name},\n\nyour statement of account for {days} is attached.\n\n{lines}\n\n"
        f"{summary.rstrip('.')}.\n\n{portal}Is something missing or wrong? Reply to this email.\n\n{seller}\n"
    )
    return f"Statement of account, {days}: {headline}", body
