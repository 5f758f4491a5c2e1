"""The reminder as a letter: in the tone of its level, with every invoice that is to be paid, and what was left out of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from billing_engine.core.calendar.wording import count_of_days, day_in_words
from billing_engine.core.money import in_words
from invoices.domain.wording import lines_of
from invoices.models import Invoice
from receivables.domain.ledger.matched import used_of
from receivables.domain.ledger.open_items import Basis
from receivables.domain.papers.letter import Letter, customer_on, details_of, parties_of, seller_on
from receivables.domain.reminders.letter import first_told, pay_by, words_of
from receivables.domain.reminders.owed import Due, Owed
from receivables.models import Reminder, ReminderSchedule

ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth")
NONE = "–"
MOST_NAMED = 8  # other invoices in a sentence


@dataclass(frozen=True, slots=True)
class ReminderRow:
    """An invoice in the table."""

    invoice: str
    due: str
    days: str
    total: str
    credited: str
    paid: str
    disputed: str
    to_pay: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReminderLetter(Letter):
    """All that a reminder says."""

    words: tuple[str, ...]
    what: str  # heads the last column, and the total
    rows: tuple[ReminderRow, ...]
    totals: tuple[str, ...]
    notes: tuple[str, ...]
    pay_to: tuple[str, ...]
    references: tuple[str, ...]
    wrong: str
    footnote: str


def paper_of(owed: Owed, schedule: ReminderSchedule, *, at: datetime) -> ReminderLetter:
    """Return the content; amounts and days are formatted for the reader of this block (`money.read_in`)."""
    day = owed.customer.day_of(at)
    seller, customer = seller_on(owed.items[0].document.seller, day), customer_on(owed.customer, day)
    name = "Reminder" if schedule.days >= 0 else "Payment due soon"
    return ReminderLetter(
        title=name,
        number=_which(owed, schedule, day_in_words(day)),
        made_on=str(day),
        **parties_of(seller, customer),
        details=details_of(
            ("Customer", owed.customer.code),
            ("As of", day_in_words(day)),
            ("Time zone", owed.customer.time_zone),
            ("First reminder", first_told(owed)),
        ),
        headline=f"{_totals(owed)} {_how_late(owed)}",
        subline=_subline(owed, schedule, at),
        locale=customer["locale"],
        words=words_of(owed, schedule, at=at),
        what="Overdue" if _is_overdue(owed) else "To pay",
        rows=tuple(_rows(owed, Basis(day))),
        totals=tuple(in_words(amount, currency) for currency, amount in sorted(owed.totals().items())),
        notes=tuple(_notes(owed)),
        pay_to=tuple(lines_of(seller["pay_to"])),
        references=tuple(item.document.reference for item in owed.items),
        wrong=f"Write to {seller['email']}." if seller["email"] else "Tell us.",
        footnote=f"{name} of {day_in_words(day)} · {customer['name']}",
    )


def _which(owed: Owed, schedule: ReminderSchedule, day: str) -> str:
    """Which reminder it is of what is in it; notes before the due day don't count."""
    if schedule.days < 0:
        return f"of {day}"
    levels = ReminderSchedule.objects.filter(seller=schedule.seller_id, days__gte=0).values("level")
    told = Reminder.objects.told().filter(
        items__document__in=[item.document.pk for item in owed.items], level__in=levels
    )
    return f"{ORDINALS[min(told.distinct().count(), len(ORDINALS) - 1)]}, of {day}"


def _how_late(owed: Owed) -> str:
    oldest = owed.items[0]
    if _is_overdue(owed):
        return f"overdue for {'up to ' if _differ(owed.items) else ''}{count_of_days(oldest.days)}"
    if all(item.days <= 0 for item in owed.items) and not _differ(owed.items):
        return f"due {day_in_words(oldest.due_on)}"
    return "to pay"


def _is_overdue(owed: Owed) -> bool:
    return all(item.days > 0 for item in owed.items)


def _differ(items: Sequence[Due]) -> bool:
    return len({item.due_on for item in items}) > 1


def _subline(owed: Owed, schedule: ReminderSchedule, at: datetime) -> str:
    count = f"{len(owed.items)} invoice{'' if len(owed.items) == 1 else 's'}"
    return count if schedule.days < 0 else f"{count}; please pay by {pay_by(owed, at)}"


def _totals(owed: Owed) -> str:
    return " and ".join(in_words(amount, currency) for currency, amount in sorted(owed.totals().items()))


def _rows(owed: Owed, basis: Basis) -> Iterator[ReminderRow]:
    used = used_of(basis, [item.document.pk for item in owed.items])
    months = _months(owed.items)
    for item in owed.items:
        document, (credited, paid) = item.document, used[item.document.pk]

        def shown(amount: Decimal, currency: str = document.currency) -> str:
            return in_words(amount, currency) if amount else NONE

        yield ReminderRow(
            _named(document.reference, months.get(document.invoice_id or 0, "")),
            day_in_words(item.due_on),
            f"{item.days:,}" if item.days > 0 else NONE,
            shown(document.amount),
            shown(credited + item.credit),
            shown(paid),
            shown(item.disputed),
            shown(item.to_pay),
        )


def _notes(owed: Owed) -> Iterator[str]:
    """What was left out of it, and what else is open."""
    disputed = [(item, item.disputed) for item in (*owed.items, *owed.others) if item.disputed]
    if disputed:
        yield f"Set aside because of your dispute, and not part of this reminder: {_amounts(disputed)}."
    credited = [(item, item.credit) for item in owed.items if item.credit]
    if credited:
        yield f"Unused credit is taken off: {_amounts(credited)}."
    later = [item for item in owed.others if item.to_pay > 0]
    if later:
        parts = [
            f"{item.document.reference}, {in_words(item.to_pay, item.document.currency)} due {day_in_words(item.due_on)}"
            for item in later[:MOST_NAMED]
        ]
        yield f"For your overview, not part of this reminder: {_listed(parts, len(later))}."


def _amounts(parts: Sequence[tuple[Due, Decimal]]) -> str:
    named = [f"{in_words(amount, item.document.currency)} of {item.document.reference}" for item, amount in parts]
    return _listed(named[:MOST_NAMED], len(named))


def _listed(parts: Sequence[str], count: int) -> str:
    more = count - len(parts)
    return "; ".join(parts) + (f"; and {more} more" if more else "")


def _named(reference: str, month: str) -> str:
    return f"{reference}, {month}" if month else reference


def _months(items: Sequence[Due]) -> dict[int, str]:
    found = Invoice.objects.filter(pk__in=[item.document.invoice_id for item in items if item.document.invoice_id])
    return {invoice.pk: invoice.period.in_words for invoice in found.select_related("period__customer")}
