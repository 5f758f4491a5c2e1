"""What every reader returns: statements with their rows; and the refusal of a file that is none."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from billing_engine.core import money
from billing_engine.core.errors import Refused
from receivables.models import BankRow

NAME_LENGTH, ACCOUNT_LENGTH, REFERENCE_LENGTH, BANK_REFERENCE_LENGTH, NUMBER_LENGTH = 140, 34, 35, 80, 70


class NotAStatement(Refused):
    """The file can't be read as a bank's statement; the sentence says where and why."""

    code = "not_a_statement"


def check_amount(amount: Decimal, currency: str, where: str) -> None:
    """Raise NotAStatement if no bank could have moved such an amount."""
    if not amount.is_finite() or abs(amount) >= money.LARGEST:
        raise NotAStatement(f"{where} is too large for an amount.")
    if not money.fits(amount, currency):
        raise NotAStatement(f"{where}. {money.no_fraction_in_words(currency)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One movement on the account; a negative amount went out."""

    booked_on: date
    amount: Decimal
    kind: BankRow.Kind
    payer_name: str = ""
    payer_account: str = ""
    text: str = ""
    reference: str = ""
    bank_reference: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """The rows of one account, with the balances before and after them, if the file has any."""

    account: str
    currency: str
    number: str
    rows: Sequence[Row]
    opening: Decimal | None = None
    closing: Decimal | None = None
    sequence: int | None = None  # the bank counts its statements
