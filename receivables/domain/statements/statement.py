"""A statement of account: its opening balance is the closing balance of the day before its first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from billing_engine.core.money import ZERO
from billing_engine.core.read_replica import few_rows_of
from leads.models import Company, Customer
from receivables.domain.disputes.disputed import disputed_of
from receivables.domain.ledger.matched import matched_to, used_of
from receivables.domain.ledger.open_items import Basis, OpenItem, Question, Scope, open_items
from receivables.models import LedgerDocument

Side = LedgerDocument.Side
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Movement:
    """A document of the statement, and what was owed after it."""

    document: int
    kind: str
    reference: str
    posted_on: date
    due_on: date | None
    side: str
    amount: Decimal
    balance: Decimal
    invoice: int | None
    matched: tuple[str, ...]  # the documents that it is matched to at the end, without doubles

    @property
    def charged(self) -> Decimal:
        """What it added to the balance."""
        return self.amount if self.side == Side.DEBIT else ZERO

    @property
    def credited(self) -> Decimal:
        """What it took from the balance."""
        return self.amount if self.side == Side.CREDIT else ZERO


@dataclass(frozen=True, slots=True)
class Settled:
    """An open debit item, and what was credited and paid of it."""

    item: OpenItem
    credited: Decimal
    paid: Decimal
    disputed: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Statement:
    """One customer's account with one of our companies, in one currency, from the first day to that of the basis."""

    customer: Customer
    company: Company | None  # None: the seller in the settings
    currency: str
    first: date
    basis: Basis
    opening: Decimal
    movements: Sequence[Movement]
    open_debits: Sequence[Settled]
    unapplied: Decimal

    @property
    def charged(self) -> Decimal:
        """All that was added."""
        return sum((each.charged for each in self.movements), ZERO)

    @property
    def credited(self) -> Decimal:
        """All that was taken away."""
        return sum((each.credited for each in self.movements), ZERO)

    @property
    def closing(self) -> Decimal:
        """What is owed at the end."""
        return self.opening + self.charged - self.credited

    @property
    def disputed(self) -> Decimal:
        """What is disputed of it today; a page about an earlier day says nothing of disputes."""
        return sum((each.disputed for each in self.open_debits), ZERO)

    @property
    def overdue(self) -> Decimal:
        """What is past due at the end."""
        return sum((each.item.left for each in self.open_debits if each.item.due_on < self.basis.day), ZERO)


def statement(
    customer: Customer,
    *,
    first: date,
    last: date,
    currency: str = "",
    company: Company | None = None,
    question: Question = Question.DATED,
    before: Basis | None = None,
    says_what_is_disputed: bool = False,
) -> Statement:
    """Return the statement from the first to the last day, both included.

    It opens with what counts on the basis `before`: by default what counted on the day before, or what an earlier
    statement counted. What is disputed now is said if the last day is today, or if it is asked for.
    """
    basis, before = Basis(last, question), before or Basis(first - DAY, question)
    scope = Scope([customer.pk], currency or customer.currency, company.pk if company else 0)
    opening = balance(before, scope)
    items = list(open_items(basis, scope))
    debits = [item for item in items if item.side == Side.DEBIT]
    used = used_of(basis, [item.document for item in debits])
    disputed = disputed_of(customers=[customer.pk]) if says_what_is_disputed or last >= customer.today else {}
    return Statement(
        customer,
        company,
        scope.currency,
        first,
        basis,
        opening,
        _movements(before, basis, scope, opening),
        [Settled(item, *used[item.document], min(disputed.get(item.invoice or 0, ZERO), item.left)) for item in debits],
        sum((item.left for item in items if item.side == Side.CREDIT), ZERO),
    )


def balance(basis: Basis, scope: Scope) -> Decimal:
    """Return what is owed: all items, with those in the customer's favor taken away."""
    sql = f"""
        SELECT COALESCE(sum(CASE item.side WHEN 'debit' THEN item.amount ELSE -item.amount END), 0)
          FROM receivables_ledgerdocument item WHERE {scope.holds()} AND {basis.counts("item")}
    """  # noqa: S608 -- conditions of our own
    [(found,)] = few_rows_of(sql, basis.parameters | scope.parameters)
    return Decimal(found)


def accounts_of(customer: Customer) -> list[tuple[str, int]]:
    """Return the currencies and companies (0: the settings' own) in which the customer has an account."""
    found = LedgerDocument.objects.filter(customer=customer).exclude(side="")
    pairs = found.order_by("currency", "seller").values_list("currency", "seller").distinct()
    return [(currency, seller or 0) for currency, seller in pairs]


def _movements(before: Basis, basis: Basis, scope: Scope, opening: Decimal) -> list[Movement]:
    """Return what counts at the end but not before; the order is that of the books, and of recording within a day."""
    earlier = {f"before_{name}": value for name, value in before.parameters.items()}
    not_before = f"NOT {before.counts('item')}"
    for name in before.parameters:
        not_before = not_before.replace(f"%({name})s", f"%(before_{name})s")
    sql = f"""
        SELECT item.id, item.kind, item.reference, item.posted_on, item.due_on, item.side, item.amount, item.invoice_id
          FROM receivables_ledgerdocument item
         WHERE {scope.holds()} AND {basis.counts("item")} AND {not_before}
         ORDER BY item.posted_on, item.id
    """  # noqa: S608 -- conditions of our own
    found = list(few_rows_of(sql, basis.parameters | earlier | scope.parameters))
    matched = matched_to(basis, [row[0] for row in found])
    owed, movements = opening, list[Movement]()
    for document, kind, reference, posted_on, due_on, side, amount, invoice in found:
        owed += amount if side == Side.DEBIT else -amount
        movements.append(
            Movement(
                document, kind, reference, posted_on, due_on, side, amount, owed, invoice, tuple(matched[document])
            )
        )
    return movements
