"""Read ISO 20022 camt.053 (versions 02, 04 and 08): bank statements as XML, proven by their balances."""

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from lxml import etree

from billing_engine.core import money
from receivables.domain.payments.bank_files.statement import (
    ACCOUNT_LENGTH,
    BANK_REFERENCE_LENGTH,
    NAME_LENGTH,
    NUMBER_LENGTH,
    REFERENCE_LENGTH,
    NotAStatement,
    Row,
    Statement,
    check_amount,
)
from receivables.models import BankRow

NAMESPACE = re.compile(r"^urn:iso:std:iso:20022:tech:xsd:camt\.(\d{3})\.001\.(\d{2})$")
VERSIONS = ("02", "04", "08")
OTHER_MESSAGES = {
    "052": "This is a camt.052, a report during the day that is not final. Upload the statement, camt.053.",
    "054": "This is a camt.054, a notification without balances. Upload the statement, camt.053.",
}
Kind = BankRow.Kind
AMOUNTS = ("Amt", "AmtDtls/TxAmt/Amt")
OPENING, CLOSING = ("OPBD", "PRCD"), ("CLBD",)


def read_camt(content: bytes) -> list[Statement]:
    """The statements of a camt.053 file. Raises NotAStatement."""
    root = _parsed(content)
    found = NAMESPACE.match(etree.QName(root).namespace or "")
    if found is None:
        raise NotAStatement("This XML file is not a bank statement in the format camt.053.")
    if found[1] in OTHER_MESSAGES:
        raise NotAStatement(OTHER_MESSAGES[found[1]])
    if found[1] != "053" or found[2] not in VERSIONS:
        raise NotAStatement(f"This is camt.{found[1]}.001.{found[2]}; read are versions 02, 04 and 08 of camt.053.")
    _drop_namespaces(root)
    statements = [_statement(each) for each in root.iterfind("BkToCstmrStmt/Stmt")]
    if not statements:
        raise NotAStatement("The file has no statement.")
    return statements


def _parsed(content: bytes) -> Any:
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True
    )
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise NotAStatement(f"The file is not well-formed XML: {_one_line(error)}.") from error
    info: Any = root.getroottree().docinfo
    if info.doctype:
        raise NotAStatement("The file declares a document type, which bank statements don't have.")
    return root


def _drop_namespaces(root: Any) -> None:
    for each in root.iter(etree.Element):
        each.tag = etree.QName(each).localname


def _statement(found: Any) -> Statement:
    number = text_at(found, "Id")
    where = f"Statement {number}" if number else "A statement"
    account = (text_at(found, "Acct/Id/IBAN") or text_at(found, "Acct/Id/Othr/Id")).replace(" ", "").upper()
    opening, closing = _balance(found, OPENING, where), _balance(found, CLOSING, where)
    currency = opening[1]
    if not number or not account or closing[1] != currency:
        raise NotAStatement(f"{where} lacks its id, its account or its currency.")
    rows = [
        row for place, entry in enumerate(found.iterfind("Ntry"), 1) for row in _rows(entry, where, place, currency)
    ]
    explained = opening[0] + sum((row.amount for row in rows), money.ZERO)
    if explained != closing[0]:
        words = [money.in_words(each, currency) for each in (opening[0], explained - opening[0], closing[0])]
        raise NotAStatement(
            f"{where}: {words[0]} and entries of {words[1]} don't make the closing balance of {words[2]}."
        )
    return Statement(
        account=account,
        currency=currency,
        number=number[:NUMBER_LENGTH],
        rows=rows,
        opening=opening[0],
        closing=closing[0],
        sequence=int(counted)
        if (counted := text_at(found, "ElctrncSeqNb")).isdecimal() and len(counted) < 19
        else None,
    )


def _balance(found: Any, codes: tuple[str, ...], where: str) -> tuple[Decimal, str]:
    for code in codes:
        for each in found.iterfind("Bal"):
            if text_at(each, "Tp/CdOrPrtry/Cd") == code:
                return signed(each, where), currency_of(each)
    raise NotAStatement(f"{where} has no {'opening' if codes == OPENING else 'closing'} balance.")


def _rows(entry: Any, where: str, place: int, currency: str) -> Iterator[Row]:
    if (text_at(entry, "Sts/Cd") or text_at(entry, "Sts")) != "BOOK":  # what is pending is not money yet
        return
    where = f"{where}, entry {place}"
    if currency_of(entry) != currency:
        raise NotAStatement(f"{where} is in {currency_of(entry)}, the account in {currency}.")
    yield from _details(entry, signed(entry, where), _day(entry, where), currency)


def _details(entry: Any, amount: Decimal, day: date, currency: str) -> Iterator[Row]:
    """The rows of a booked entry."""
    details = entry.findall("NtryDtls/TxDtls")
    amounts = [_amount(each, amount, currency) for each in details]
    if len(details) == 1 and amounts[0] is None:
        amounts = [amount]
    rest = amount - sum((each for each in amounts if each is not None), money.ZERO)
    is_whole = bool(details) and None not in amounts and (not rest or abs(rest) == _charges(entry, currency))
    if not is_whole:
        yield _detail_row(entry, details[0] if len(details) == 1 else None, amount, day)
        return
    for each, part in zip(details, amounts, strict=True):
        yield _detail_row(entry, each, part or money.ZERO, day)
    if rest:
        text = f"Charges of {text_at(entry, 'AcctSvcrRef') or 'the entry before'}"
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
            if not amount.is_finite() or amount < 0:
                return None
            check_amount(amount, currency, f"A detail of an entry: {amount}")
            indicator = text_at(detail, "CdtDbtInd") or ("CRDT" if entry >= 0 else "DBIT")
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
    except ArithmeticError:  # no number, or one that none can be added to
        return None


def _detail_row(entry: Any, detail: Any, amount: Decimal, day: date) -> Row:
    source = entry if detail is None else detail
    party = "Dbtr" if amount >= 0 else "Cdtr"
    name = text_at(source, f"RltdPties/{party}/Nm") or text_at(source, f"RltdPties/{party}/Pty/Nm")
    account = f"RltdPties/{party}Acct/Id"
    words = "".join(each.text or "" for each in source.iterfind("RmtInf/Ustrd"))  # a bank cuts it at 140 characters
    numbers = [each.text or "" for each in source.iterfind("RmtInf/Strd/RfrdDocInf/Nb")]
    unmatched = [text_at(source, "AddtlTxInf") if detail is not None else text_at(entry, "AddtlNtryInf")]
    text = " ".join(part for part in (words.strip(), *numbers) if part) or " ".join(filter(None, unmatched))
    return Row(
        booked_on=day,
        amount=amount,
        kind=_kind(entry, detail, amount),
        payer_name=name[:NAME_LENGTH],
        payer_account=(text_at(source, f"{account}/IBAN") or text_at(source, f"{account}/Othr/Id"))[:ACCOUNT_LENGTH],
        text=text,
        reference=text_at(source, "RmtInf/Strd/CdtrRefInf/Ref").replace(" ", "").upper()[:REFERENCE_LENGTH],
        bank_reference=(
            text_at(source, "Refs/AcctSvcrRef") or text_at(entry, "AcctSvcrRef") or text_at(entry, "NtryRef")
        )[:BANK_REFERENCE_LENGTH],
    )


def _kind(entry: Any, detail: Any, amount: Decimal) -> BankRow.Kind:
    """A reversal, or money that a bank sends back, is for a person to look at, whatever its sign."""
    is_return = detail is not None and detail.find("RtrInf") is not None
    if is_return or text_at(entry, "RvslInd").lower() in ("true", "1"):
        return Kind.RETURN
    return Kind.PAYMENT if amount > 0 else Kind.OUT


def _day(entry: Any, where: str) -> date:
    written = text_at(entry, "BookgDt/Dt") or text_at(entry, "BookgDt/DtTm") or text_at(entry, "ValDt/Dt")
    try:
        return date.fromisoformat(written[:10])
    except ValueError as error:
        raise NotAStatement(f"{where}: {written!r} is not a day.") from error


def text_at(found: Any, path: str) -> str:
    """The text at a path, without space around it; "" if there is none."""
    return (found.findtext(path) or "").strip()


def currency_of(found: Any) -> str:
    """The currency of its amount."""
    amount = found.find("Amt")
    return amount.get("Ccy", "") if amount is not None else ""


def signed(found: Any, where: str) -> Decimal:
    """Its amount: negative if it is a debit. The indicator is that of the booking, also for a reversal."""
    indicator, written = text_at(found, "CdtDbtInd"), text_at(found, "Amt")
    try:
        amount = Decimal(written)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount < 0 or indicator not in ("CRDT", "DBIT"):
        raise NotAStatement(f"{where}: {written!r} {indicator!r} is not an amount with its sign.")
    check_amount(amount, currency_of(found), f"{where}: {written!r}")
    return amount if indicator == "CRDT" else -amount


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".")
