"""What stays charged beside a credit note: what of the dispute was not accepted, and what is left of the credited lines."""

from collections.abc import Iterator
from decimal import Decimal
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from django.db.models import F, Q, Sum

from billing_engine.core import money
from billing_engine.core.calendar.wording import date_order, day_in_words
from billing_engine.core.money import in_words
from receivables.models import CreditNote, CreditNoteLine, Dispute

MOST_NAMED = 6  # charges or lines in a sentence


def what_stays(note: CreditNote) -> tuple[str, ...]:
    """Say what stays charged, one sentence for each thing; other drafts are not credited yet, so they do not count."""
    return (*_rejected(note), *_lines(note))


def dispute_of(note: CreditNote) -> Dispute | None:
    """Return the dispute that the note settles, if any."""
    number = note.origin.rpartition("-")[2]
    found = Dispute.objects.filter(pk=number, customer=note.invoice.customer_id) if number.isdecimal() else ()
    return next((dispute for dispute in found if dispute.number == note.origin), None)


def _rejected(note: CreditNote) -> Iterator[str]:
    dispute = dispute_of(note)
    if dispute is None or dispute.decided_at is None or note.invoice.due_on is None:
        return
    charges = dispute.charges.filter(is_accepted=False).order_by("action__occurred_at", "action")
    rejected = list(charges.values_list("action__occurred_at", "amount"))
    if not rejected:
        return
    zone, currency = ZoneInfo(note.invoice.bill_to["time_zone"]), note.currency
    if len(rejected) > MOST_NAMED:
        worth = in_words(sum((amount for _, amount in rejected), money.ZERO), currency)
        yield f"{len(rejected):,} other charges of the dispute, {worth} before tax."
    else:
        shape = "MMM d, y, HH:mm" if date_order() == money.LOCALE else "d MMM y, HH:mm"
        named = [
            f"{format_datetime(at, shape, tzinfo=zone, locale=date_order())} ({in_words(amount, currency)})"
            for at, amount in rejected
        ]
        yield f"The charge{'' if len(named) == 1 else 's'} of {'; '.join(named)}."
    accepted = dispute.charges.filter(is_accepted=True).aggregate(sum=Sum("amount", default=money.ZERO))["sum"]
    worth, due = in_words(dispute.rejected(accepted), currency), day_in_words(dispute.due_again_on(note.invoice.due_on))
    yield f"With tax, {worth} is due by {due}."


def _lines(note: CreditNote) -> Iterator[str]:
    left = _left(note)
    credited = sorted(set(note.lines.values_list("line__position", flat=True)))
    parts = [f"Line {position} {_keeps(left[position], note.currency)}." for position in credited]
    if len(parts) <= MOST_NAMED:
        yield " ".join(parts)
    if any(amount for position, amount in left.items() if position not in credited):
        yield "The other lines of the invoice stay as they are."


def _keeps(left: Decimal, currency: str) -> str:
    return f"keeps {in_words(left, currency)} before tax" if left else "is credited in full"


def _left(note: CreditNote) -> dict[int, Decimal]:
    """What is left of each line of the invoice after this note, by position."""
    issued = Q(note=note) | Q(note__state=CreditNote.State.ISSUED)
    lines = CreditNoteLine.objects.filter(issued, note__invoice=note.invoice).order_by("line")
    credited = dict(lines.values_list(F("line__position")).annotate(Sum("amount")))
    amounts = note.invoice.lines.exclude(amount=0).values_list("position", "amount").order_by("position")
    return {position: amount - credited.get(position, money.ZERO) for position, amount in amounts}
