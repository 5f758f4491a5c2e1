"""Request statements by email: of an account for chosen days, or of many accounts for a month."""

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from itertools import islice
from uuid import UUID, uuid4

from django.contrib.auth.models import User
from django.db import transaction

from billing_engine.core.calendar.spans import Month
from billing_engine.core.calendar.wording import day_in_words
from billing_engine.core.deeds.record import deed_of, record_all
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import Refused
from invoices.domain.mail.request import checked_addresses, new_message_id
from invoices.domain.mail.server import check_server
from leads.models import Customer
from receivables.domain.statements.plan import CUSTOMERS_AT_ONCE, Candidate, plan
from receivables.domain.statements.statement import accounts_of
from receivables.models import StatementMail

REQUESTED = Verb("statement_requested", "Statement by email requested")

DAY = timedelta(days=1)
LONGEST = timedelta(days=800)
QUARTER = timedelta(days=90)


class StatementDays(Refused):
    """The days of a statement are in order, at most some years, and not in the future."""

    code = "statement_days"
    http_status = 422


class NoSuchAccount(Refused):
    """A statement is of one of the customer's accounts."""

    code = "statement_no_account"
    message = "The customer has no account in this currency with this company."


@transaction.atomic
def send_statement(
    customer: Customer,
    *,
    account: tuple[str, int],
    first: date,
    last: date,
    to: Sequence[str],
    by: User,
    at: datetime,
    request: UUID | None = None,
) -> StatementMail:
    """Request one email with the statement of an account (currency and company), even if nothing moved.

    Repeating the same `request` changes nothing. Raises StatementDays, NoSuchAccount, BadRecipients or NoMailServer.
    """
    check_server()
    _check_days(customer, first, last, at=at)
    if account not in accounts_of(customer):
        raise NoSuchAccount
    values = {
        "customer": customer,
        "seller_id": account[1] or None,
        "currency": account[0],
        "first": first,
        "last": last,
        "was_asked_for": True,
        "addresses": checked_addresses(to),
        "requested_by": by,
        "requested_at": at,
        "next_attempt_at": at,
        "message_id": new_message_id(),
    }
    mail, is_new = StatementMail.objects.get_or_create(request=request or uuid4(), defaults=values)
    if is_new:
        _record([mail], by=by)
    return mail


@transaction.atomic
def request_month(
    month: Month,
    *,
    by: User | None,
    at: datetime,
    customers: Collection[int] | None = None,
    company: int | None = None,
    also_quiet: bool = False,
) -> int:
    """Request the statements of a month that the plan names; return how many are new. Raises NoMailServer.

    Of each account there is one a month: of two people who ask at the same time, one requests it.
    """
    check_server()
    planned = plan(month, at=at, customers=customers, company=company, also_quiet=also_quiet)
    wanted, count = (each for each in planned if not each.why_not), 0
    while some := list(islice(wanted, CUSTOMERS_AT_ONCE)):
        count += _stored(some, month, by, at=at, was_asked_for=also_quiet)
    return count


def check_has_account(customer: Customer) -> None:
    """Raise NoSuchAccount, or NoMailServer."""
    if not accounts_of(customer):
        raise NoSuchAccount("The customer has no account yet: nothing was issued or paid.")
    check_server()


def next_days(customer: Customer, account: tuple[str, int], *, at: datetime) -> tuple[date, date]:
    """Return the days of the next statement by hand: from the day after the last one to today."""
    last = customer.day_of(at)
    told = StatementMail.objects.told().filter(
        customer=customer, currency=account[0], seller=account[1] or None, last__lt=last
    )
    ended = told.order_by("-last").values_list("last", flat=True).first()
    start = (last - QUARTER).replace(day=1)
    return max(ended + DAY, last - LONGEST) if ended else start, last


def _stored(some: Sequence[Candidate], month: Month, by: User | None, *, at: datetime, was_asked_for: bool) -> int:
    mails = [
        StatementMail(
            customer=each.customer,
            seller_id=each.company or None,
            currency=each.currency,
            month=month.first,
            first=each.first,
            last=each.last,
            was_asked_for=was_asked_for,
            request=uuid4(),
            requested_by=by,
            requested_at=at,
            next_attempt_at=at,
            message_id=new_message_id(),
        )
        for each in some
    ]
    StatementMail.objects.bulk_create(mails, ignore_conflicts=True)
    stored = StatementMail.objects.filter(request__in=[mail.request for mail in mails]).select_related("customer")
    return _record(list(stored), by=by)


def _record(mails: Sequence[StatementMail], *, by: User | None) -> int:
    record_all(
        deed_of(
            REQUESTED,
            on=mail,
            by=by,
            after={"from": mail.first, "to": mail.last, "currency": mail.currency, "addresses": mail.addresses},
            also=[mail.customer],
        )
        for mail in mails
    )
    return len(mails)


def _check_days(customer: Customer, first: date, last: date, *, at: datetime) -> None:
    if first > last or last - first > LONGEST:
        raise StatementDays(f"Choose a first day from {day_in_words(last - LONGEST)} to {day_in_words(last)}.")
    today = customer.day_of(at)
    if last > today:
        raise StatementDays(f"Choose a last day up to {day_in_words(today)}.")
