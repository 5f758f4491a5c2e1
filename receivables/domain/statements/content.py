"""A statement as formatted text, shared by the page and the PDF."""

from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from billing_engine.core.calendar.wording import count_of_days, day_in_words, days_in_words
from billing_engine.core.money import ZERO, in_words
from invoices.domain.wording import lines_of
from invoices.models import Invoice
from receivables.domain.ledger.open_items import Question
from receivables.domain.papers.letter import seller_on
from receivables.domain.statements.ages import BUCKET_TITLES, by_age
from receivables.domain.statements.statement import Movement, Settled, Statement
from receivables.models import LedgerDocument

NONE = "–"


@dataclass(frozen=True, slots=True)
class Party:
    """A name with its lines of address."""

    name: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A movement, or a balance."""

    day: str
    document: str
    note: str
    charged: str
    credited: str
    balance: str
    pk: int | None = None


@dataclass(frozen=True, slots=True)
class OpenLine:
    """An open invoice or another debit item."""

    document: str
    due: str
    total: str
    credited: str
    paid: str
    open: str
    disputed: str
    pk: int
    is_overdue: bool


@dataclass(frozen=True, slots=True)
class StatementContent:
    """All text final, all amounts formatted."""

    title: str
    days: str
    made_on: str  # ISO date, for the document's metadata
    bill_to: Party
    seller: Party
    details: tuple[tuple[str, str], ...]
    headline: str
    summary: str
    opening: Line
    movements: tuple[Line, ...]
    closing: Line
    open_lines: tuple[OpenLine, ...]
    ages_title: str
    ages: tuple[tuple[str, str], ...]
    pay_to: tuple[str, ...]
    questions: str
    basis: str

    def as_data(self) -> dict[str, Any]:
        """Return it as plain data."""
        return asdict(self)


def content_of(found: Statement) -> StatementContent:
    """Format a statement."""
    day, currency = found.basis.day, found.currency
    seller, pay_to, email = _seller(found)
    months = _months([each.invoice for each in found.movements] + [each.item.invoice for each in found.open_debits])
    return StatementContent(
        title="Statement of account",
        days=days_in_words(found.first, day),
        made_on=str(day),
        bill_to=_bill_to(found, day),
        seller=seller,
        details=(
            ("Customer", found.customer.code),
            ("As of", day_in_words(day)),
            ("Time zone", found.customer.time_zone),
            ("Currency", currency),
        ),
        headline=_headline(found),
        summary=_summary(found),
        opening=Line(_short(found.first), "Opening balance", "", "", "", in_words(found.opening, currency)),
        movements=tuple(_line(each, currency, months) for each in found.movements),
        closing=Line(
            _short(day),
            "Closing balance",
            "",
            in_words(found.charged, currency),
            in_words(found.credited, currency),
            in_words(found.closing, currency),
        ),
        open_lines=tuple(_open_line(each, day, months) for each in found.open_debits),
        ages_title=f"How old it is, by due date, as of {day_in_words(day)}",
        ages=_ages(found),
        pay_to=pay_to,
        questions=f"Write to {email}." if email else "",
        basis=f"Documents {found.basis.in_words()}"
        + ("" if found.basis.question is Question.DATED else ", whatever their posting date")
        + ".",
    )


def _headline(found: Statement) -> str:
    if found.closing < 0:
        return f"{in_words(-found.closing, found.currency)} in your favor"
    return f"{in_words(found.closing, found.currency)} open"


def _summary(found: Statement) -> str:
    currency, parts = found.currency, list[str]()
    if found.overdue:
        parts.append(f"{in_words(found.overdue, currency)} overdue")
    later = [each.item for each in found.open_debits if each.item.due_on >= found.basis.day]
    if later:
        due = min(item.due_on for item in later)
        parts.append(f"{in_words(sum((item.left for item in later), ZERO), currency)} due from {day_in_words(due)}")
    if found.disputed:
        parts.append(f"{in_words(found.disputed, currency)} disputed")
    if found.unapplied:
        parts.append(f"{in_words(found.unapplied, currency)} credit not used")
    return ", ".join(parts) or "Nothing is open."


def _ages(found: Statement) -> tuple[tuple[str, str], ...]:
    sums = by_age([each.item for each in found.open_debits], found.basis.day)
    amounts: list[Decimal] = [*sums, -found.unapplied, found.closing]
    titles = (*BUCKET_TITLES, "Credit not used", "You owe")
    return tuple((title, in_words(amount, found.currency)) for title, amount in zip(titles, amounts, strict=True))


def _line(each: Movement, currency: str, months: dict[int, str]) -> Line:
    return Line(
        _short(each.posted_on),
        f"{LedgerDocument.Kind(each.kind).label} {each.reference}".strip(),
        _note(each, months),
        in_words(each.charged, currency) if each.charged else "",
        in_words(each.credited, currency) if each.credited else "",
        in_words(each.balance, currency),
        each.document,
    )


def _note(each: Movement, months: dict[int, str]) -> str:
    due = f"due {_short(each.due_on)}" if each.due_on and each.charged else ""
    month = months.get(each.invoice or 0, "")
    used = f"for {', '.join(each.matched)}" if each.matched else ""
    return ", ".join(part for part in (month, due, used) if part)


def _open_line(each: Settled, day: date, months: dict[int, str]) -> OpenLine:
    item, overdue = each.item, (day - each.item.due_on).days
    when = (
        f"{count_of_days(overdue)} ago" if overdue > 0 else f"in {count_of_days(-overdue)}" if overdue else "that day"
    )
    name, month = f"{LedgerDocument.Kind(item.kind).label} {item.reference}", months.get(item.invoice or 0, "")
    return OpenLine(
        f"{name}, {month}" if month else name,
        f"{_short(item.due_on)}, {when}",
        in_words(item.amount, item.currency),
        in_words(each.credited, item.currency) if each.credited else NONE,
        in_words(each.paid, item.currency) if each.paid else NONE,
        in_words(item.left, item.currency),
        in_words(each.disputed, item.currency) if each.disputed else NONE,
        item.document,
        overdue > 0,
    )


def _months(invoices: list[int | None]) -> dict[int, str]:
    found = Invoice.objects.filter(pk__in={each for each in invoices if each}).select_related("period__customer")
    return {invoice.pk: invoice.period.in_words for invoice in found}


def _short(day: date) -> str:
    return f"{day:%b} {day.day}, {day.year}"


def _bill_to(found: Statement, day: date) -> Party:
    terms = found.customer.terms.on(day)
    lines = [*lines_of(terms.address), *([f"Tax ID {terms.tax_id}"] if terms.tax_id else []), *terms.billing_contacts]
    return Party(terms.legal_name or found.customer.name, tuple(lines))


def _seller(found: Statement) -> tuple[Party, tuple[str, ...], str]:
    """Return our company, how to pay it, and where to write to."""
    facts = seller_on(found.company, found.basis.day)
    lines = [*lines_of(facts["address"]), *([f"Tax ID {facts['tax_id']}"] if facts["tax_id"] else []), facts["email"]]
    return Party(facts["name"], tuple(line for line in lines if line)), tuple(lines_of(facts["pay_to"])), facts["email"]
