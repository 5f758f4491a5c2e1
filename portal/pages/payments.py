"""What is open, how to pay, the statement and its age: one computation, as page and as PDF."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase

from billing_engine.core import money
from billing_engine.core.calendar.spans import Month
from billing_engine.core.calendar.wording import day_in_words, days_in_words
from billing_engine.core.tables.download import file_response
from invoices.domain.document.payment_reference import in_groups, payment_reference
from invoices.models import Invoice
from leads.models import Company, Customer
from portal.frame import page
from portal.gate import Visit
from receivables.domain.online.links import pay_address
from receivables.domain.statements.content import StatementContent, content_of
from receivables.domain.statements.paper import pdf_of
from receivables.domain.statements.statement import Statement, accounts_of, statement
from receivables.models import LedgerDocument
from receivables.queries.owed import Owed, owed_by
from reports.domain.question.days import quarter_of

LONGEST = timedelta(days=800)
QUARTER = 2  # months before this one
MOST_DIGITS = 3


@dataclass(frozen=True, slots=True)
class Asked:
    """The days of the statement, and which account, if there are several."""

    first: date
    last: date
    account: int
    fault: str = ""


def payments_page(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Show what is owed, and how it came to be."""
    customer, today = visit.customer, visit.customer.today
    asked = _asked(request.GET, customer)
    accounts = accounts_with_us(customer)
    found = statement_of(customer, asked, accounts)
    told = content_of(found)
    owed = owed_by(customer, on=today, currency=found.currency)
    return page(
        request,
        visit,
        "payments",
        "Payments",
        here="payments",
        told=told,
        as_of=day_in_words(asked.last),
        days=days_in_words(asked.first, asked.last),
        to_pay=money.in_words(owed.to_pay, found.currency),
        disputed=money.in_words(owed.disputed, found.currency) if owed.disputed else "",
        pay_online=_pay_online(visit, owed, found),
        open=money.in_words(owed.open, found.currency),
        credit=money.in_words(owed.unapplied, found.currency),
        open_lines=[
            (_address(visit, each.item.invoice), line)
            for each, line in zip(found.open_debits, told.open_lines, strict=True)
        ],
        movements=[
            (_address(visit, each.invoice), line) for each, line in zip(found.movements, told.movements, strict=True)
        ],
        references=list(_references(found)),
        fault=asked.fault,
        first=asked.first.isoformat(),
        last=asked.last.isoformat(),
        spans=_spans(visit, today, asked.account),
        accounts=[
            (_name(each), visit.address("payments", account=place), place == asked.account)
            for place, each in enumerate(accounts)
        ]
        if len(accounts) > 1
        else [],
        account=asked.account,
        pdf=visit.address("statement_pdf", first=asked.first, last=asked.last, account=asked.account),
    )


def statement_pdf(request: HttpRequest, visit: Visit) -> HttpResponseBase:
    """Return the statement of these days as a PDF."""
    asked = _asked(request.GET, visit.customer)
    found = statement_of(visit.customer, asked, accounts_with_us(visit.customer))
    content: StatementContent = content_of(found)
    pdf = pdf_of(content, locale=visit.customer.terms.on(asked.last).locale)
    return file_response(pdf, name=f"statement-{visit.customer.code}-{asked.last}.pdf", content_type="application/pdf")


def _references(found: Statement) -> Iterator[tuple[str, str]]:
    """The number of each open invoice, and the reference that its paper prints."""
    for each in found.open_debits:
        if each.item.kind == LedgerDocument.Kind.INVOICE and each.item.reference:
            yield each.item.reference, in_groups(payment_reference(each.item.reference))


def _pay_online(visit: Visit, owed: Owed, found: Statement) -> str:
    """Where all that is to be paid on this account is paid online; empty if that is off."""
    company = found.company.pk if found.company else 0
    due = [each.item.document for each in owed.items if each.to_pay > 0 and each.item.company == company]
    invoices = LedgerDocument.objects.filter(pk__in=due, kind=LedgerDocument.Kind.INVOICE).order_by("pk")
    return pay_address(list(invoices)) if due and len(invoices) == len(due) and visit.look is None else ""


def accounts_with_us(customer: Customer) -> list[tuple[str, int]]:
    """Currency and company (0: the settings' own), the customer's own currency first."""
    found = accounts_of(customer)
    return sorted(found, key=lambda each: each[0] != customer.currency) or [(customer.currency, 0)]


def statement_of(customer: Customer, asked: Asked, accounts: list[tuple[str, int]]) -> Statement:
    currency, company = accounts[asked.account if asked.account < len(accounts) else 0]
    seller = Company.objects.filter(pk=company).first() if company else None
    return statement(customer, first=asked.first, last=asked.last, currency=currency, company=seller)


def _name(account: tuple[str, int]) -> str:
    currency, company = account
    found = Company.objects.filter(pk=company).first() if company else None
    return f"{found.name}, {currency}" if found else currency


def _asked(given: QueryDict, customer: Customer) -> Asked:
    """The days of the address; what can't be read is said, and the usual days are shown."""
    today = customer.today
    usual = Month.of_day(today)
    for _ in range(QUARTER):
        usual = usual.previous()
    number = given.get("account", "")
    account = int(number) if number.isdecimal() and len(number) < MOST_DIGITS else 0
    try:
        first = date.fromisoformat(given.get("first") or str(usual.first))
        last = date.fromisoformat(given.get("last") or str(today))
    except ValueError:
        return Asked(usual.first, today, account, "Write days as 2026-09-30.")
    if first > last or last > today or last - first > LONGEST or first.year < customer.billed_from.year - 1:
        said = f"Choose days up to today, at most {LONGEST.days} of them, the first one first."
        return Asked(usual.first, today, account, said)
    return Asked(first, last, account)


def _spans(visit: Visit, today: date, account: int) -> list[tuple[str, str]]:
    spans = (
        ("This month", Month.of_day(today).first),
        ("Quarter", quarter_of(today)[0]),
        ("Year", date(today.year, 1, 1)),
    )
    return [(name, visit.address("payments", first=first, last=today, account=account)) for name, first in spans]


def _address(visit: Visit, invoice: int | None) -> str:
    return visit.address("invoice", visit.id_of_number(Invoice, invoice)) if invoice else ""
