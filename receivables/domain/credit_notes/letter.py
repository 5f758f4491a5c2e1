"""The content of a credit note as formatted text: which charges, why, and what it does to the invoice."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from babel.dates import format_datetime

from billing_engine.core import money
from billing_engine.core.calendar.wording import day_in_words
from billing_engine.core.money import in_words
from invoices.domain.document.content import LabeledValue
from invoices.domain.lines.shares import shares_of
from invoices.domain.wording import clean, quantity_in_words, rate_in_words
from invoices.models import InvoiceLine
from leads.models import Action
from receivables.domain.credit_notes.staying import dispute_of, what_stays
from receivables.domain.papers.letter import Letter, details_of, parties_of
from receivables.models import CreditedCharge, CreditNote, CreditNoteLine


@dataclass(frozen=True, slots=True)
class CreditedRow:
    """A credited charge, or a credited part of a line."""

    occurred: str
    what: str
    charged: str
    credited: str


@dataclass(frozen=True, slots=True)
class CreditedLine:
    """An invoice line with what is credited of it."""

    heading: str
    rows: tuple[CreditedRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditNoteLetter(Letter):
    """All that a credit note says."""

    why: str
    occurred: str  # heading of the column of times
    lines: tuple[CreditedLine, ...]
    subtotals: tuple[LabeledValue, ...]
    total: LabeledValue
    effect: tuple[LabeledValue, ...]
    stays: tuple[str, ...]
    books: str
    footnote: str


def letter_of(note: CreditNote, *, opened: Decimal, used: Decimal) -> CreditNoteLetter:
    """Return the content of a note that is being issued: `opened` was open of its invoice, and `used` settles it."""
    customer = note.invoice.bill_to
    with money.read_in(customer.get("locale", str(money.LOCALE))):
        return _letter(note, opened, used)


def _letter(note: CreditNote, opened: Decimal, used: Decimal) -> CreditNoteLetter:
    invoice, currency = note.invoice, note.currency
    assert note.issued_on is not None, "set at issue"  # noqa: S101 -- for mypy
    zone = ZoneInfo(invoice.bill_to["time_zone"])
    return CreditNoteLetter(
        title="Credit note",
        number=note.number or "",
        made_on=note.issued_on.isoformat(),
        **parties_of(invoice.seller, invoice.bill_to),
        details=details_of(
            ("Issued", day_in_words(note.issued_on)),
            ("For invoice", invoice.number or ""),
            ("Dated", day_in_words(invoice.issued_on) if invoice.issued_on else ""),
            ("Dispute" if dispute_of(note) else "Regarding", clean(note.origin)),
            ("Your PO", clean(invoice.bill_to["purchase_order"])),
        ),
        headline=f"{in_words(note.total, currency)} credited",
        subline=_use(note, used),
        locale=invoice.bill_to.get("locale", ""),
        why=f"{note.reason.name}. {clean(note.sentence)}",
        occurred=f"Occurred ({_zones(note, zone)})",
        lines=tuple(_lines(note, zone)),
        subtotals=_subtotals(note),
        total=LabeledValue("Credited", f"{in_words(note.total, currency)} {currency}"),
        effect=(
            LabeledValue("Open before", in_words(opened, currency)),
            LabeledValue("This credit note", f"{'−' if used else ''}{in_words(used, currency)}"),
            LabeledValue("Open now", in_words(opened - used, currency)),
        ),
        stays=what_stays(note),
        books=_books(note, used),
        footnote=f"{note.number} for {invoice.number} · {clean(invoice.bill_to['name'])}",
    )


def _zones(note: CreditNote, zone: ZoneInfo) -> str:
    """Name the zone as it was when the credited actions occurred: in summer, or in winter, or both."""
    assert note.issued_at is not None, "set at issue"  # noqa: S101 -- for mypy
    credited = CreditedCharge.objects.filter(line__note=note).order_by("action__occurred_at")
    instants = list(credited.values_list("action__occurred_at", flat=True)) or [note.issued_at]
    return ", ".join(dict.fromkeys(f"{at.astimezone(zone):%Z}" for at in instants))


def _use(note: CreditNote, used: Decimal) -> str:
    rest = note.total - used
    on = (
        f"{in_words(used, note.currency)} is used on {note.invoice.number}."
        if rest
        else f"Used on {note.invoice.number}."
    )
    kept = f"{in_words(rest, note.currency)} is credit for your next invoices."
    parts = [*([on] if used else []), *([kept] if rest else []), "Nothing for you to do."]
    return " ".join(parts)


def _books(note: CreditNote, used: Decimal) -> str:
    """Say that the invoice stays."""
    gross = in_words(note.invoice.subtotal + note.invoice.tax, note.currency)
    does = "this note lowers what is open on it" if used else "nothing was open on it"
    return (
        f"The invoice itself is not changed: it stays {gross}, and {does}."
        " The tiers and prices of its period do not move."
    )


def _subtotals(note: CreditNote) -> tuple[LabeledValue, ...]:
    currency = note.currency
    rows = [LabeledValue("Before tax", in_words(note.subtotal, currency))]
    for tax in note.taxes.order_by("position"):
        label = f"{clean(tax.name)}, {rate_in_words(tax.rate)} of {in_words(tax.base, currency)}"
        rows.append(LabeledValue(label, in_words(tax.amount, currency)))
    return tuple(rows)


def _lines(note: CreditNote, zone: ZoneInfo) -> list[CreditedLine]:
    lines = list(note.lines.select_related("line__action_type").order_by("line__position"))
    actions = [charge.action_id for line in lines for charge in line.charges.all()]
    was = {action: share for some in shares_of(note.invoice, actions).values() for action, share in some.items()}
    found = Action.objects.filter(pk__in=actions).select_related("action_type", "lead__source").in_bulk()
    return [CreditedLine(_heading(line.line), _rows(line, was, found, zone, note.currency)) for line in lines]


def _heading(line: InvoiceLine) -> str:
    counted = f", {quantity_in_words(line.quantity)} {clean(line.unit)}".rstrip() if line.unit else ""
    return f"Line {line.position} of the invoice: {clean(line.description)}{counted}"


def _rows(
    credited: CreditNoteLine, was: dict[int, Decimal], found: dict[int, Action], zone: ZoneInfo, currency: str
) -> tuple[CreditedRow, ...]:
    charges = sorted(credited.charges.all(), key=lambda each: (found[each.action_id].occurred_at, each.action_id))
    if not charges:
        whole = credited.amount == credited.line.amount
        amounts = in_words(credited.line.amount, currency), in_words(credited.amount, currency)
        return (CreditedRow("", "The whole line" if whole else "Part of the line", *amounts),)
    return tuple(
        CreditedRow(
            _instant(found[each.action_id].occurred_at, zone),
            _what(found[each.action_id]),
            in_words(was.get(each.action_id, each.amount), currency),
            in_words(each.amount, currency),
        )
        for each in charges
    )


def _what(action: Action) -> str:
    return f"{clean(action.action_type.name)}, lead {clean(action.lead.external_id)}, {clean(action.lead.source.name)}"


def _instant(at: datetime, zone: ZoneInfo) -> str:
    return str(format_datetime(at, "MMM d, y, HH:mm", tzinfo=zone, locale=money.reader()))
