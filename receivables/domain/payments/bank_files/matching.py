"""Match rows with what is open, and say how sure it is; nothing is certain unless the sum agrees."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from billing_engine.core import money
from receivables.domain.payments.bank_files.open_items import OpenItem, OpenItems, is_mistyped
from receivables.domain.payments.bank_files.statement import Row
from receivables.models import BankAccount, BankRow

Certainty = BankRow.Certainty
NAMED_IN_WORDS = 3


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What a row seems to pay, how sure that is, and why."""

    certainty: BankRow.Certainty
    why: str
    customer: int | None = None
    items: tuple[int, ...] = ()


class Matching:
    """The rows of one file in their order; an invoice that an earlier row pays for certain is not certain again."""

    def __init__(self, items: OpenItems) -> None:
        self.items = items
        self._taken = set[int]()

    def suggest(self, row: Row, account: BankAccount) -> Suggestion:
        """What a row on an account of ours seems to pay: only what is owed to the company whose account it is."""
        if row.kind != BankRow.Kind.PAYMENT or row.amount <= 0:
            return Suggestion(Certainty.NONE, _not_a_payment(row))
        if named := self.items.named_in(row.text, row.reference):
            found = self._named(named, row, account)
        else:
            found = self._by_payer(row, account) or self._by_sum(row.amount, account)
        if found.certainty == Certainty.CERTAIN:
            self._taken.update(found.items)
        return found

    def _named(self, named: Sequence[OpenItem], row: Row, account: BankAccount) -> Suggestion:
        words, currency = _in_words(named), account.currency
        if other := [each for each in named if each.currency != currency]:
            return Suggestion(
                Certainty.NONE, f"{other[0].number} is in {other[0].currency}, this payment in {currency}"
            )
        if strange := [each for each in named if each.seller != account.seller_id]:
            return Suggestion(Certainty.NONE, f"{strange[0].number} is owed to another company than this account's")
        customers = {each.customer for each in named}
        if len(customers) > 1:
            return Suggestion(Certainty.POSSIBLE, f"Names invoices of different customers: {words}")
        found = (named[0].customer, tuple(each.pk for each in named))
        if any(each.pk in self._taken for each in named):
            return Suggestion(Certainty.LIKELY, f"Names {words}, which an earlier row pays", *found)
        owed = sum((each.left for each in named), money.ZERO)
        if owed == row.amount:
            return _agreeing(named, row.text, words, found)
        short = "less" if row.amount < owed else "more"
        return Suggestion(
            Certainty.LIKELY, f"Names {words}; paid is {short} than the {money.in_words(owed, currency)} open", *found
        )

    def _by_payer(self, row: Row, account: BankAccount) -> Suggestion | None:
        customers = self.items.customers_of(row.payer_account, row.payer_name)
        if len(customers) != 1:
            return None
        [customer] = customers
        open_items = self.items.by_customer.get((customer, (account.seller_id, account.currency)), [])
        owed = [each for each in open_items if each.pk not in self._taken]
        same = [each for each in owed if each.left == row.amount]
        if len(same) == 1:
            return Suggestion(
                Certainty.LIKELY, f"Known payer, and the sum of {same[0].number}", customer, (same[0].pk,)
            )
        if owed and sum((each.left for each in owed), money.ZERO) == row.amount:
            items = tuple(each.pk for each in owed)
            return Suggestion(Certainty.LIKELY, "Known payer, and the sum of everything open", customer, items)
        return Suggestion(Certainty.POSSIBLE, "Known payer, but no invoice has this sum", customer)

    def _by_sum(self, amount: Decimal, account: BankAccount) -> Suggestion:
        with_sum = self.items.by_sum.get(((account.seller_id, account.currency), amount), [])
        same = [each for each in with_sum if each.pk not in self._taken]
        if len(same) == 1:
            return Suggestion(
                Certainty.POSSIBLE, f"Only {same[0].number} has this sum", same[0].customer, (same[0].pk,)
            )
        if same:
            return Suggestion(Certainty.NONE, f"{len(same):,} open invoices have this sum")
        return Suggestion(Certainty.NONE, "No open invoice has this number or sum")


def _agreeing(named: Sequence[OpenItem], text: str, words: str, found: tuple[int, tuple[int, ...]]) -> Suggestion:
    """Certain, unless the number stands in a reference with wrong check digits: then it may be another invoice's."""
    if any(is_mistyped(each.number, text) for each in named):
        return Suggestion(Certainty.LIKELY, f"The sum of {words}, but the reference has wrong check digits", *found)
    return Suggestion(Certainty.CERTAIN, f"Names {words}, and the sum agrees", *found)


def _in_words(named: Sequence[OpenItem]) -> str:
    more = len(named) - NAMED_IN_WORDS
    return ", ".join(each.number for each in named[:NAMED_IN_WORDS]) + (f" and {more:,} more" if more > 0 else "")


def _not_a_payment(row: Row) -> str:
    if row.kind == BankRow.Kind.RETURN:
        return "A return: look up the payment and return it there"
    return "Charges of the bank" if row.kind == BankRow.Kind.CHARGE else "Money that went out"
