"""The trial balance: what every account moved in a span of days, and what it holds at its end."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from billing_engine.core.read_replica import few_rows_of
from receivables.domain.ledger.open_items import Basis, Scope

Parts = tuple[str, str]  # account, tax


@dataclass(frozen=True, slots=True)
class AccountSums:
    """One account of one currency: before the first day, what was debited and credited, and at the end."""

    account: str
    tax: str
    opening: Decimal
    debit: Decimal
    credit: Decimal

    @property
    def closing(self) -> Decimal:
        """What it holds at the end; positive, a debit balance."""
        return self.opening + self.debit - self.credit


@dataclass(frozen=True, slots=True)
class TrialBalance:
    """The accounts of one currency."""

    currency: str
    accounts: Sequence[AccountSums]

    @property
    def total(self) -> AccountSums:
        """All accounts; debit equals credit, and opening and closing are zero."""
        sums = [(each.opening, each.debit, each.credit) for each in self.accounts]
        opening, debit, credit = (sum(amounts, Decimal(0)) for amounts in zip(*sums, strict=True))
        return AccountSums("", "", opening, debit, credit)

    @property
    def balances(self) -> bool:
        """Whether debit equals credit."""
        return self.total.debit == self.total.credit and not self.total.opening


def trial_balance(basis: Basis, scope: Scope, *, since: date) -> list[TrialBalance]:
    """Return every account by currency: before `since`, and from it to the day of the basis."""
    sql = f"""
        SELECT item.currency, posting.account, posting.tax,
               COALESCE(sum(posting.amount) FILTER (WHERE item.posted_on < %(since)s), 0),
               COALESCE(sum(posting.amount) FILTER (WHERE item.posted_on >= %(since)s AND posting.amount > 0), 0),
               COALESCE(-sum(posting.amount) FILTER (WHERE item.posted_on >= %(since)s AND posting.amount < 0), 0)
          FROM receivables_posting posting
          JOIN receivables_ledgerdocument item ON item.id = posting.document_id
         WHERE {basis.counts("item")} AND {scope.any_side()}
         GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    """  # noqa: S608 -- conditions of our own
    found = dict[str, list[AccountSums]]()
    for currency, *sums in few_rows_of(sql, basis.parameters | scope.parameters | {"since": since}):
        found.setdefault(currency, []).append(AccountSums(*sums))
    return [TrialBalance(currency, accounts) for currency, accounts in found.items()]


def receivable_account(basis: Basis, scope: Scope) -> dict[str, Decimal]:
    """Return what the receivable account holds by currency: the sum of its postings."""
    sql = f"""
        SELECT item.currency, sum(posting.amount)
          FROM receivables_posting posting
          JOIN receivables_ledgerdocument item ON item.id = posting.document_id
         WHERE posting.account = 'receivable' AND {basis.counts("item")} AND {scope.any_side()}
         GROUP BY 1
    """  # noqa: S608 -- conditions of our own
    return dict(few_rows_of(sql, basis.parameters | scope.parameters))
