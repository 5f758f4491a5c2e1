"""The details of a camt entry: they replace it only if they add up to it; charges between them are a row of their own."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from billing_engine.core import money
from receivables.domain.payments.bank_files.statement import (
    ACCOUNT_LENGTH,
    BANK_REFERENCE_LENGTH,
    NAME_LENGTH,
    REFERENCE_LENGTH,
    Row,
)
from receivables.models import BankRow

Kind = BankRow.Kind
AMOUNTS = ("Amt", "AmtDtls/TxAmt/Amt")


def details_of(entry: Any, amount: Decimal, day: date, currency: str) -> Iterator[Row]:
    """The rows of a booked entry."""
    details = entry.findall("NtryDtls/TxDtls")
    amounts = [_amount(each, amount, currency) for each in details]
    if len(details) == 1 and amounts[0] is None:
        amounts = [amount]
    rest = amount - sum((each for each in amounts if each is not None), money.ZERO)
    is_whole = bool(details) and None not in amounts and (not rest or abs(rest) == _charges(entry, currency))
    if not is_whole:
        yield _row(entry, details[0] if len(details) == 1 else None, amount, day)
        return
    for each, part in zip(details, amounts, strict=True):
        yield _row(entry, each, part or money.ZERO, day)
    if rest:
        text = f"Charges of {_text(entry, 'AcctSvcrRef') or 'the entry before'}"
        yield Row(booked_on=day, amount=rest, kind=Kind.CHARGE, text=text)


def _amount(detail: Any, entry: Decimal, currency: str) -> Decimal | None:
    """The signed amount of a detail in the account's currency; None if it does not say it."""
    for path in AMOUNTS:
        found = detail.find(path)
        if found is not None and found.get("Ccy") == currency:
            try:
                amount = Decimal((found.text or "").strip())
            except InvalidOperation:
                return None
            indicator = _text(detail, "CdtDbtInd") or ("CRDT" if entry >= 0 else "DBIT")
            return amount if indicator == "CRDT" else -amount
    return None


def _charges(entry: Any, currency: str) -> Decimal | None:
    """What the bank says it kept; None if it says nothing."""
    found = [
        *entry.iterfind("Chrgs/Rcrd/Amt"), *entry.iterfind("NtryDtls/TxDtls/Chrgs/Rcrd/Amt"),
        *entry.iterfind("Chrgs/Amt"), *entry.iterfind("NtryDtls/TxDtls/Chrgs/Amt"),
    ] or [*entry.iterfind("Chrgs/TtlChrgsAndTaxAmt"), *entry.iterfind("NtryDtls/TxDtls/Chrgs/TtlChrgsAndTaxAmt")]  # fmt: skip
    try:
        return sum((Decimal(each.text or "") for each in found if each.get("Ccy") == currency), money.ZERO) or None
    except InvalidOperation:
        return None


def _row(entry: Any, detail: Any, amount: Decimal, day: date) -> Row:
    source = entry if detail is None else detail
    party = "Dbtr" if amount >= 0 else "Cdtr"
    name = _text(source, f"RltdPties/{party}/Nm") or _text(source, f"RltdPties/{party}/Pty/Nm")
    account = f"RltdPties/{party}Acct/Id"
    words = "".join(each.text or "" for each in source.iterfind("RmtInf/Ustrd"))  # a bank cuts it at 140 characters
    numbers = [each.text or "" for each in source.iterfind("RmtInf/Strd/RfrdDocInf/Nb")]
    unmatched = [_text(source, "AddtlTxInf") if detail is not None else _text(entry, "AddtlNtryInf")]
    text = " ".join(part for part in (words.strip(), *numbers) if part) or " ".join(filter(None, unmatched))
    return Row(
        booked_on=day,
        amount=amount,
        kind=_kind(entry, detail, amount),
        payer_name=name[:NAME_LENGTH],
        payer_account=(_text(source, f"{account}/IBAN") or _text(source, f"{account}/Othr/Id"))[:ACCOUNT_LENGTH],
        text=text,
        reference=_text(source, "RmtInf/Strd/CdtrRefInf/Ref").replace(" ", "").upper()[:REFERENCE_LENGTH],
        bank_reference=(_text(source, "Refs/AcctSvcrRef") or _text(entry, "AcctSvcrRef") or _text(entry, "NtryRef"))[
            :BANK_REFERENCE_LENGTH
        ],
    )


def _kind(entry: Any, detail: Any, amount: Decimal) -> BankRow.Kind:
    """A reversal, or money that a bank sends back, is for a person to look at, whatever its sign."""
    is_return = detail is not None and detail.find("RtrInf") is not None
    if is_return or _text(entry, "RvslInd").lower() in ("true", "1"):
        return Kind.RETURN
    return Kind.PAYMENT if amount > 0 else Kind.OUT


def _text(found: Any, path: str) -> str:
    return (found.findtext(path) or "").strip()
