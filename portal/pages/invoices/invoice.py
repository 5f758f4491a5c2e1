"""One invoice: what was received and what it cost, what is to pay, and until when charges can be disputed."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.db.models import Count
from django.http import HttpRequest, HttpResponse

from billing_engine.core import money
from billing_engine.core.calendar.wording import count_of_days, day_in_words, stretch_in_words
from billing_engine.core.counts import count_in_words
from invoices.domain.document.content_lines import ChargedLine, charged_line, late_of
from invoices.domain.document.parts.tax_rows import tax_rows
from invoices.models import Invoice, InvoiceLine
from leads.models import Channel
from portal.frame import Whole, page
from portal.gate import OwnRows, Visit
from portal.pages.invoices.listing import state_of
from portal.words import counted, day_of_month, full_instant, signed
from pricing.wording.reasons import name_to_buyer
from receivables.domain.disputes.windows import window_of
from receivables.domain.online.links import pay_address_of_invoice
from receivables.models import CreditNote, Dispute, DisputedCharge, Reason
from receivables.queries.customer_invoices import CustomerInvoice, customer_invoices
from reports.queries.completeness import of_period

Disputed = dict[tuple[int | None, ...], int]  # by product, action type and rule


@dataclass(frozen=True, slots=True)
class Line:
    """A product's line of one action."""

    name: str
    address: str
    notes: tuple[str, ...]
    cells: tuple[str, ...]  # how much fell into each of the group's prices
    quantity: str
    amount: str
    on_phone: str
    disputed: str = ""


@dataclass(slots=True)
class Group:
    """The lines of one action, with the prices that they share as columns."""

    name: str
    amount: str
    columns: list[tuple[str, str]] = field(default_factory=list)  # a range and its price
    lines: list[Line] = field(default_factory=list)
    total: tuple[str, ...] = ()
    quantity: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happened to the invoice."""

    name: str
    at: str


def one_invoice(visit: OwnRows, text: str) -> CustomerInvoice:
    """Return the invoice with this id. Raises Http404."""
    numbered = Invoice.objects.filter(customer=visit.customer, number__isnull=False)
    invoice = visit.find(numbered, text)
    [found] = customer_invoices(visit.customer, on=visit.customer.today, pk=invoice.pk)
    return found


def invoice_page(request: HttpRequest, visit: Visit, invoice: str) -> HttpResponse:
    """Show one invoice."""
    found = one_invoice(visit, invoice)
    stored, customer, currency = found.invoice, visit.customer, found.invoice.currency
    lines = list(stored.lines.select_related("action_type", "product", "rule__source").order_by("position"))
    for line in lines:
        line.invoice = stored  # with its customer, which need not be read again
    counts = of_period(stored.period)
    return page(
        request,
        visit,
        "invoice",
        f"Invoice for {stored.period.in_words}",
        here="invoices",
        whole=Whole(stored.period.in_words, counts),
        found=found,
        invoice=stored,
        state=state_of(found),
        issued=day_in_words(stored.issued_on) if stored.issued_on else "",
        purchase_order=stored.bill_to.get("purchase_order", ""),
        received=counted(counts.received, "action"),
        days=stretch_in_words(stored.period.start_at, stored.period.end_at, customer.zone),
        groups=groups_of(visit, stored, [each for each in lines if each.kind == InvoiceLine.Kind.CHARGES]),
        others=[
            (each.description, money.in_words(each.amount, currency))
            for each in lines
            if each.kind in (InvoiceLine.Kind.MINIMUM, InvoiceLine.Kind.ADJUSTMENT, InvoiceLine.Kind.CREDIT)
        ],
        sums=_sums(stored),
        uncharged=_uncharged(visit, stored, lines),
        pay=_to_pay(found),
        windows=windows_of(stored) if not found.is_void else [],
        history=_history(visit, stored),
        csv=visit.address("invoice_detail", stored, "csv"),
        xlsx=visit.address("invoice_detail", stored, "xlsx"),
        pdf=visit.address("invoice_pdf", stored),
        pay_online=pay_address_of_invoice(stored) if found.to_pay > 0 and visit.look is None else "",
        back=visit.address("invoices"),
    )


def groups_of(visit: Visit, invoice: Invoice, lines: Sequence[InvoiceLine]) -> list[Group]:
    """Return the lines of charges by action; prices by range are columns."""
    disputed = _disputed_lines(invoice)
    by_action = defaultdict[str, list[InvoiceLine]](list)
    for line in lines:
        by_action[line.action_type.name if line.action_type else ""].append(line)
    return [_group(visit, name, some, disputed) for name, some in by_action.items()]


def _group(visit: Visit, name: str, lines: list[InvoiceLine], disputed: Disputed) -> Group:
    currency = lines[0].invoice.currency
    told = [charged_line(line, currency) for line in lines]
    columns = list(dict.fromkeys((tier.tier, tier.unit_price) for each in told for tier in each.tiers))
    if len(columns) > 4 or any(not column[0] for column in columns):
        columns = []  # too many for a page: each line says its own
    group = Group(name, money.in_words(sum((line.amount for line in lines), money.ZERO), currency), columns)
    for line, each in zip(lines, told, strict=True):
        key = (line.product_id, line.action_type_id, line.rule_id)
        group.lines.append(_line(visit, line, each, columns, disputed.get(key, 0)))
    if len(lines) > 1:
        units = {line.unit for line in lines}
        quantity = sum((line.quantity for line in lines), Decimal(0))
        group.quantity = money.number_in_words(quantity) if len(units) == 1 else ""
    return group


def _line(visit: Visit, line: InvoiceLine, told: ChargedLine, columns: list[tuple[str, str]], disputed: int) -> Line:
    parts = {(tier.tier, tier.unit_price): tier.quantity for tier in told.tiers}
    late = (f"happened in {late_of(line)}, reached us later",) if line.late_from else ()
    own = told.tiers if not columns else ()
    spelled = tuple(f"{tier.tier}: {tier.quantity} × {tier.unit_price}".strip(": ") for tier in own)
    quantity = f"{told.quantity} {told.unit}".strip()
    cells = [f"{parts[column]} × {column[1]}" for column in columns if column in parts]
    each = [f"{told.quantity} × {told.unit_price}"] if told.unit_price else cells or [quantity]
    return Line(
        name=line.product.name if line.product else line.description,
        address=visit.address("line", line),
        notes=(*late, *_narrower(line), *spelled),
        cells=tuple(parts.get(column, "") for column in columns) if columns else (told.unit_price,),
        quantity=told.quantity,
        amount=told.amount,
        on_phone=", ".join(each),
        disputed=f"{count_in_words(disputed)} disputed" if disputed else "",
    )


def _narrower(line: InvoiceLine) -> tuple[str, ...]:
    """What tells lines of one product and action apart: the source or the channel that the price is for."""
    rule = line.rule
    if rule is None:
        return ()
    return (rule.source.name,) if rule.source else (Channel(rule.channel).label,) if rule.channel else ()


def _disputed_lines(invoice: Invoice) -> Disputed:
    """How many charges are disputed, by product, action type and rule."""
    found = DisputedCharge.objects.filter(dispute__in=Dispute.objects.undecided().filter(invoice=invoice))
    by = ("action__lead__product", "action__action_type", "action__charge__rule")
    return {tuple(keys): count for *keys, count in found.order_by().values_list(*by).annotate(Count("pk"))}


def _sums(invoice: Invoice) -> list[tuple[str, str]]:
    """What follows the lines: before tax, each tax, total."""
    currency = invoice.currency
    rows = [("Before tax", money.in_words(invoice.subtotal, currency))]
    for row in tax_rows(invoice):
        of = f"{money.in_words(row.base, currency)}{', the credits' if row.of_credits else ''}"
        words = f"{row.tax.name}, {money.number_in_words(row.tax.rate)}% of {of}"
        rows.append((words, money.in_words(row.amount, currency)))
    if invoice.tax_exempt_reason:
        rows.append((f"No tax: {invoice.tax_exempt_reason}", money.in_words(money.ZERO, currency)))
    return [*rows, ("Total", money.in_words(invoice.subtotal + invoice.tax, currency))]


def _uncharged(visit: Visit, invoice: Invoice, lines: Iterable[InvoiceLine]) -> list[tuple[str, str, str, str]]:
    """Why actions cost nothing: the reason, the kinds of action, how many, and the address of its rows."""
    by_reason = defaultdict[str, list[InvoiceLine]](list)
    for line in lines:
        if line.kind == InvoiceLine.Kind.NOT_CHARGED:
            by_reason[line.reason].append(line)
    return [
        (
            name_to_buyer(reason),
            ", ".join(sorted({line.action_type.name.lower() for line in some if line.action_type})),
            count_in_words(sum(line.actions for line in some)),
            visit.address("not_charged", invoice, reason=reason),
        )
        for reason, some in sorted(by_reason.items(), key=lambda each: -sum(line.actions for line in each[1]))
    ]


def _to_pay(found: CustomerInvoice) -> dict[str, object]:
    currency, due, today = found.invoice.currency, found.invoice.due_on, found.today
    rows = [("Total", money.in_words(found.owed, currency), "")]
    for kind, reference, amount in found.used.by:
        name = "Paid" if kind == "payment" else f"Credit {reference}"
        rows.append((name, signed(-amount, currency), ""))
    rows.append(("Open", money.in_words(max(found.left, money.ZERO), currency), "sum"))
    if found.disputed:
        rows.append(("Set aside, disputed", signed(-found.disputed, currency), ""))
    when = ""
    if due and found.to_pay > 0:
        days = (due - today).days
        near = f"in {count_of_days(days)}" if days > 0 else "today" if not days else f"{count_of_days(-days)} ago"
        when = f"{day_in_words(due)}, {near}"
    below = money.in_words(-found.left, currency) if found.left < 0 else ""
    return {
        "amount": money.in_words(max(found.to_pay, money.ZERO), currency),
        "when": when,
        "rows": rows,
        "below": below,
    }


def windows_of(invoice: Invoice) -> list[tuple[str, str, bool]]:
    """Until when the invoice can be disputed, the reasons that share the day, and whether the day is over."""
    by_day = defaultdict[date, list[str]](list)
    for reason in Reason.objects.filter(is_active=True, customers_may_give_it=True).order_by("name"):
        last = window_of(invoice, reason)
        if last is not None:
            by_day[last].append(reason.name)
    today = invoice.customer.today
    return [(day_of_month(day), ", ".join(names).lower(), day < today) for day, names in sorted(by_day.items())]


def _history(visit: Visit, invoice: Invoice) -> list[Step]:
    """What happened to the invoice, in the customer's zone."""
    steps = list[tuple[object, Step]]()

    def add(at: object, name: str) -> None:
        if at is not None:
            steps.append((at, Step(name, full_instant(at, visit.customer))))  # type: ignore[arg-type]  # an instant

    add(invoice.issued_at, "Issued")
    add(invoice.sent_at, "Mailed")
    for dispute in Dispute.objects.filter(invoice=invoice).select_related("customer"):
        add(dispute.opened_at, f"Dispute {dispute} opened")
    for note in CreditNote.objects.issued().filter(invoice=invoice):
        add(note.issued_at, f"Credit note {note.number} issued")
    add(invoice.voided_at, "Void")
    return [step for _, step in sorted(steps, key=lambda each: str(each[0]))]
