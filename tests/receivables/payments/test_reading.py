"""Bank files are read as banks write them, and proven by their balances; what can't be read says where and why."""

import zipfile
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest

from receivables.domain.payments.bank_files.accounts import has_right_check_digits
from receivables.domain.payments.bank_files.camt import OTHER_MESSAGES, read_camt
from receivables.domain.payments.bank_files.csv_rows import read_csv
from receivables.domain.payments.bank_files.statement import NotAStatement
from receivables.models import BankAccount, CsvMapping
from tests.receivables.payments.banks import IBAN, camt, entry

ACCOUNT = BankAccount(name="First Harbor", number=IBAN, currency="USD")
MAPPING = CsvMapping(
    name="Harbor", day_format="%m/%d/%Y", day="Date", amount="Amount", text="Memo"
)  # fmt: skip


def read(content: bytes) -> list[tuple[str, Decimal, str]]:
    """Kind, amount and text of each row."""
    return [(row.kind, row.amount, row.text) for each in read_camt(content) for row in each.rows]


def detail(amount: str, text: str = "", inside: str = "", currency: str = "USD") -> str:
    return f'<TxDtls><Amt Ccy="{currency}">{amount}</Amt><RmtInf><Ustrd>{text}</Ustrd></RmtInf>{inside}</TxDtls>'


@pytest.mark.parametrize("kind", ["053.001.02", "053.001.04", "053.001.08"])
def test_each_version_is_read_and_names_payer_account_and_words(kind: str):
    status = "<Sts>BOOK</Sts>" if kind != "053.001.08" else "<Sts><Cd>BOOK</Cd></Sts>"
    [statement] = read_camt(
        camt(entry("10.50", "INV-1", payer="Ash", iban="DE1", status=status), closing="10.50", kind=kind)
    )

    [row] = statement.rows
    assert (statement.account, statement.number, statement.currency) == (IBAN, "S-1", "USD")
    assert (row.amount, row.text, row.payer_name, row.payer_account, row.bank_reference) == (
        Decimal("10.50"), "INV-1", "Ash", "DE1", "B1",
    )  # fmt: skip


def test_a_reversed_debit_is_money_back_and_a_reversed_credit_money_out_both_shown_as_returns():
    reversal = "<RvslInd>true</RvslInd>"
    content = camt(
        entry("30", "back", reversal=reversal), entry("10", "out", sign="DBIT", reversal=reversal), closing="20"
    )

    assert read(content) == [("return", 30, "back"), ("return", -10, "out")]


def test_a_batch_is_read_once_by_its_details():
    content = camt(entry("429.56", details=detail("329.56", "one") + detail("100.00", "two")), closing="429.56")

    assert read(content) == [("payment", Decimal("329.56"), "one"), ("payment", 100, "two")]


def test_details_that_dont_add_up_leave_their_entry_as_one_row():
    content = camt(entry("429.56", details=detail("329.56") + detail("90.00")), closing="429.56")

    assert [amount for _, amount, _ in read(content)] == [Decimal("429.56")]


def test_charges_between_an_entry_and_its_details_are_a_row_of_their_own():
    charges = '<Chrgs><Rcrd><Amt Ccy="USD">26</Amt></Rcrd></Chrgs>'
    content = camt(entry("1526", sign="DBIT", details=detail("1500", "salary"), charges=charges), closing="-1526")

    assert read(content) == [("out", -1500, "salary"), ("charge", -26, "Charges of B1")]


def test_charges_that_can_be_added_to_nothing_leave_their_entry_as_one_row():
    for odd in ("9E+999999", "sNaN", "NaN"):
        charges = f'<Chrgs><Rcrd><Amt Ccy="USD">{odd}</Amt></Rcrd><Rcrd><Amt Ccy="USD">{odd}</Amt></Rcrd></Chrgs>'
        content = camt(entry("9", details=detail("4") + detail("3"), charges=charges), closing="9")

        assert read(content) == [("payment", 9, "")]


def test_pending_entries_are_not_money_and_a_statement_may_have_none():
    assert read(camt(entry("5", status="<Sts>PDNG</Sts>"), opening="7", closing="7")) == []
    assert read(camt(opening="-3", closing="-3")) == []


def test_an_end_to_end_id_that_repeats_is_no_duplicate():
    refs = "<Refs><EndToEndId>NOTPROVIDED</EndToEndId></Refs>"

    assert len(read(camt(entry("5", refs=refs), entry("5", refs=refs), closing="10"))) == 2


def test_remittance_that_the_bank_cut_is_joined_and_a_structured_reference_is_kept_apart():
    ref = "<Strd><CdtrRefInf><Ref>RF87 INV2026000398</Ref></CdtrRefInf></Strd><Ustrd>398</Ustrd>"
    [statement] = read_camt(camt(entry("5", "INV-2026-000", structured=ref), closing="5"))

    assert (statement.rows[0].text, statement.rows[0].reference) == ("INV-2026-000398", "RF87INV2026000398")


def test_a_returned_debit_is_shown_as_a_return():
    reason = "<RtrInf><Rsn><Cd>AM04</Cd></Rsn></RtrInf>"

    assert read(camt(entry("5", "x", sign="DBIT", inside=reason), opening="5", closing="0"))[0][0] == "return"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (camt(entry("5"), closing="6"), "Statement S-1: $0.00 and entries of $5.00 don't make the closing balance of $6.00."),
        (camt(kind="052.001.08", closing="0"), OTHER_MESSAGES["052"]),
        (camt(kind="054.001.08", closing="0"), OTHER_MESSAGES["054"]),
        (camt(kind="053.001.12", closing="0"), "This is camt.053.001.12; read are versions 02, 04 and 08 of camt.053."),
        (b"<a/>", "This XML file is not a bank statement in the format camt.053."),
        (camt(entry("5", currency="EUR"), closing="5"), "Statement S-1, entry 1 is in EUR, the account in USD."),
        (camt(entry("5", day="soon"), closing="5"), "Statement S-1, entry 1: 'soon' is not a day."),
        (camt(entry("x"), closing="5"), "Statement S-1, entry 1: 'x' 'CRDT' is not an amount with its sign."),
        (camt(entry("1E+999999"), closing="5"), "Statement S-1, entry 1: '1E+999999' is too large for an amount."),
        (camt(entry("9" * 17), closing="5"), f"Statement S-1, entry 1: '{'9' * 17}' is too large for an amount."),
        (camt(entry("5.001"), closing="5.001"), "Statement S-1: '5.001'. An amount in USD has at most 2 decimal places."),
        (camt(entry("5"), closing="5").replace(b"CLBD", b"CLAV"), "Statement S-1 has no closing balance."),
        (
            b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
            "The file declares a document type, which bank statements don't have.",
        ),
    ],
)  # fmt: skip
def test_a_file_that_is_no_whole_statement_is_refused_by_name(content: bytes, sentence: str):
    with pytest.raises(NotAStatement) as refusal:
        read_camt(content)

    assert str(refusal.value) == sentence


def test_a_wrong_encoding_says_where():
    content = camt(entry("5", "Müller"), closing="5").decode().encode("cp1252")

    with pytest.raises(NotAStatement, match=r"not well-formed XML: .*line 1"):
        read_camt(content)


def test_a_csv_is_read_by_its_mapping():
    content = b'Date, Amount ,Memo\n11/02/2026,"1,234.50",INV-1\n\n11/03/2026,-5,fee\n'

    statement = read_csv(content, MAPPING, ACCOUNT, number="CSV 1")

    assert [(f"{row.booked_on}", row.amount, row.kind, row.text) for row in statement.rows] == [
        ("2026-11-02", Decimal("1234.50"), "payment", "INV-1"),
        ("2026-11-03", Decimal(-5), "out", "fee"),
    ]


@pytest.mark.parametrize(
    ("content", "facts", "sentence"),
    [
        (
            b"Date,Amount,Memo\n11/02/2026,5,a\0b\n",
            {},
            "Row 2 has a zero byte, which text never has. Save the file as CSV again.",
        ),
        (
            f"Date,Amount,Memo\n11/02/2026,{'9' * 40},x\n".encode(),
            {},
            f"Row 2, column Amount: '{'9' * 40}' is too large for an amount.",
        ),
        (b"Date,Amount\n", {}, "The file has no column Memo. It has: Date, Amount."),
        (
            b"Date,Amount,Memo\n13/02/2026,1,x\n",
            {},
            "Row 2, column Date: '13/02/2026' is not a day like 11/30/2026.",
        ),
        (b'Date,Amount,Memo\n11/02/2026,"1.234,50",x\n', {}, "Row 2, column Amount: '1.234,50' is not an amount like 1,234.50."),
        (b'Date,Amount,Memo\n11/02/2026,"12,34",x\n', {}, "Row 2, column Amount: '12,34' is not an amount like 1,234.50."),
        (
            b"Date,Amount,Memo\n11/02/2026,1.005,x\n",
            {},
            "Row 2, column Amount: '1.005'. An amount in USD has at most 2 decimal places.",
        ),
        (
            b"Date,Amount,Memo\n11/02/2026,1,ok\n11/02/2026,1,M\xfcller\n",
            {},
            "Row 3 is not in UTF-8, as Harbor says. Choose another encoding.",
        ),
        (b"Date,Amount,Memo\n", {}, "There are no rows below the header."),
    ],
)  # fmt: skip
def test_a_csv_that_is_not_as_its_mapping_says_names_row_and_column(content: bytes, facts: Any, sentence: str):
    with pytest.raises(NotAStatement) as refusal:
        read_csv(content, MAPPING, ACCOUNT, number="CSV 1")

    assert str(refusal.value) == sentence


def test_an_iban_is_right_by_its_check_digits():
    assert [has_right_check_digits(each) for each in (IBAN, IBAN.replace("89", "98"))] == [True, False]


@pytest.mark.parametrize("amount", ["sNaN", "NaN", "-5"])
def test_details_that_are_no_amounts_never_replace_their_entry(amount: str):
    content = camt(entry("5", details=detail(amount) + detail("10")), closing="5")

    assert read(content) == [("payment", 5, "")]


def zipped(*files: tuple[str, bytes]) -> bytes:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as made:
        for name, content in files:
            made.writestr(name, content)
    return packed.getvalue()
