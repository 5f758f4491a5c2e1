"""Read ISO 20022 camt.053 (versions 02, 04 and 08): bank statements as XML, proven by their balances."""

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from lxml import etree

from billing_engine.core import money
from receivables.domain.payments.bank_files.camt_details import details_of
from receivables.domain.payments.bank_files.statement import NUMBER_LENGTH, NotAStatement, Row, Statement

NAMESPACE = re.compile(r"^urn:iso:std:iso:20022:tech:xsd:camt\.(\d{3})\.001\.(\d{2})$")
VERSIONS = ("02", "04", "08")
OTHER_MESSAGES = {
    "052": "This is a camt.052, a report during the day that is not final. Upload the statement, camt.053.",
    "054": "This is a camt.054, a notification without balances. Upload the statement, camt.053.",
}
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
    if root.getroottree().docinfo.doctype:
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
    yield from details_of(entry, signed(entry, where), _day(entry, where), currency)


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
    return amount if indicator == "CRDT" else -amount


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".")
