"""What is about to be disputed: charges of one invoice or of one open period, or a whole line, with their amounts."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from decimal import Decimal

from billing_engine.core import money
from billing_engine.core.errors import Refused
from invoices.domain.lines.one_line import page_of_line
from invoices.domain.lines.shares import shares_of
from invoices.domain.lines.totals import taxes_of
from invoices.models import Invoice, InvoiceLine
from leads.models import BillingPeriod
from pricing.models import Charge
from receivables.models import DisputedCharge

MOST_CHARGES = 10_000
MOST_CHOSEN = 500


class NotDisputable(Refused):
    """These charges can't be disputed."""

    code = "not_disputable"


class DisputedBefore(Refused):
    """A charge is in at most one undecided dispute, and what was decided is decided."""

    code = "disputed_before"


@dataclass(frozen=True, slots=True)
class Subject:
    """What is disputed: the charges by action with their amounts before tax, or a line without charges."""

    period: BillingPeriod
    invoice: Invoice | None
    line: InvoiceLine | None
    charges: dict[int, Decimal]
    amount: Decimal
    tax: Decimal

    @property
    def total(self) -> Decimal:
        return self.amount + self.tax


def subject_of_line(line: InvoiceLine) -> Subject:
    """Return a whole line of an issued invoice; raise NotDisputable."""
    invoice = line.invoice
    _check_issued(invoice)
    if line.amount <= 0:
        raise NotDisputable("Nothing is charged on this line.")
    if line.actions > MOST_CHARGES:
        raise NotDisputable(f"The line has more than {MOST_CHARGES:,} charges. Choose the charges to dispute.")
    actions = [charge.action for charge in page_of_line(line, limit=MOST_CHARGES)] if line.actions else []
    charges = shares_of(invoice, actions).get(line, {}) if actions else {}
    return Subject(invoice.period, invoice, line, charges, line.amount, _tax(invoice.period, [line]))


def subject_of_charges(actions: Collection[int]) -> Subject:
    """Return chosen charges of one issued invoice or of one open period; raise NotDisputable."""
    if not actions:
        raise NotDisputable("Choose the charges to dispute.")
    if len(actions) > MOST_CHOSEN:
        raise NotDisputable(f"Choose at most {MOST_CHOSEN} charges.")
    related = ("period__customer", "action__lead")
    charges = list(Charge.objects.filter(pk__in=actions).select_related(*related).order_by("pk"))
    if len(charges) < len(set(actions)) or any(charge.amount <= 0 for charge in charges):
        raise NotDisputable("Some of the chosen actions are not charged.")
    periods = {charge.period_id: charge.period for charge in charges}
    if len(periods) > 1:
        raise NotDisputable("Choose charges of one billing period.")
    [period] = periods.values()
    if period.is_open:
        return _of_open(period, charges)
    return _of_issued(period, charges)


def check_not_disputed(subject: Subject) -> None:
    """Refuse charges that are disputed, or were; a withdrawn dispute leaves them free."""
    found = DisputedCharge.objects.filter(action__in=subject.charges).exclude(dispute__state="withdrawn")
    disputes = [each.dispute for each in found.select_related("dispute__customer").order_by("pk")[:1]]
    if subject.line is not None and not disputes:
        disputes = list(subject.line.disputes.exclude(state="withdrawn").select_related("customer")[:1])
    for dispute in disputes:
        state = dispute.get_state_display().lower()
        raise DisputedBefore(f"Some of these charges are in {dispute} ({state}).")


def _of_open(period: BillingPeriod, charges: list[Charge]) -> Subject:
    shares = money.spread([charge.amount for charge in charges], period.customer.currency)
    found = {charge.pk: share for charge, share in zip(charges, shares, strict=True)}
    lines = [
        InvoiceLine(amount=share, product_id=charge.action.lead.product_id)
        for charge, share in zip(charges, shares, strict=True)
    ]
    return _subject(period, None, found, lines)


def _of_issued(period: BillingPeriod, charges: list[Charge]) -> Subject:
    invoice = Invoice.objects.live().filter(period=period).select_related("customer", "period__customer").first()
    if invoice is None:
        raise NotDisputable("These charges are not on an issued invoice.")
    _check_issued(invoice)
    shares = shares_of(invoice, [charge.pk for charge in charges])
    lines = [
        InvoiceLine(amount=sum(some.values(), money.ZERO), product_id=line.product_id) for line, some in shares.items()
    ]
    return _subject(
        period, invoice, {action: share for some in shares.values() for action, share in some.items()}, lines
    )


def _subject(
    period: BillingPeriod, invoice: Invoice | None, charges: dict[int, Decimal], lines: list[InvoiceLine]
) -> Subject:
    amount = sum(charges.values(), money.ZERO)
    if amount <= 0:
        raise NotDisputable("The chosen charges add up to nothing.")
    return Subject(period, invoice, None, charges, amount, _tax(period, lines))


def _tax(period: BillingPeriod, lines: list[InvoiceLine]) -> Decimal:
    """The taxes on these amounts, by the terms of the period."""
    return sum((tax.amount for tax in taxes_of(period, lines)), money.ZERO)


def _check_issued(invoice: Invoice) -> None:
    if invoice.state != Invoice.State.ISSUED:
        state = invoice.get_state_display().lower()
        raise NotDisputable(
            f"{invoice} is {state}. Only issued invoices, and charges of open periods, can be disputed."
        )


def amounts_in_words(subject: Subject) -> Iterator[tuple[str, str]]:
    """What the dialog shows before the dispute is opened: label and amount."""
    currency = subject.period.customer.currency
    count = len(subject.charges)
    yield (
        (f"{count:,} charge{'' if count == 1 else 's'}" if count else "The line"),
        money.in_words(subject.amount, currency),
    )
    if subject.tax:
        yield "Tax", money.in_words(subject.tax, currency)
    yield "Disputed", money.in_words(subject.total, currency)
