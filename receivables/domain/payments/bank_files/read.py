"""Read an upload: a camt.053 file, a ZIP of them, or a CSV file with its mapping; and only of our own accounts."""

import zlib
from collections import Counter
from io import BytesIO
from lzma import LZMAError
from zipfile import BadZipFile, ZipFile

from billing_engine.core.calendar.wording import day_in_words
from receivables.domain.payments.bank_files.camt import read_camt
from receivables.domain.payments.bank_files.csv_rows import read_csv
from receivables.domain.payments.bank_files.statement import NotAStatement, Statement
from receivables.models import BankAccount, BankFile, BankStatement

BYTES_AT_MOST = 20 * 1024 * 1024
UNPACKED_AT_MOST = 100 * 1024 * 1024
FILES_AT_MOST = 400
ZIP = b"PK\x03\x04"

Read = list[tuple[BankAccount, Statement]]


def read_file(file: BankFile) -> Read:
    """The statements of an upload, each with our account. Raises NotAStatement."""
    content = bytes(file.body)
    if file.mapping and file.account:
        return [(file.account, read_csv(content, file.mapping, file.account, number=f"CSV {file.sha256[:16]}"))]
    statements = _unpacked(content) if content.startswith(ZIP) else read_camt(content)
    found = [(_account_of(each), each) for each in statements]
    twice = [
        number
        for (_, number), times in Counter((account.pk, each.number) for account, each in found).items()
        if times > 1
    ]
    if twice:
        raise NotAStatement(f"Statement {twice[0]} is in the file twice.")
    for account, each in found:
        check_not_read(account, each, file)
    return found


def check_not_read(account: BankAccount, statement: Statement, file: BankFile) -> None:
    """Refuse a statement that an earlier file had."""
    earlier = BankStatement.objects.filter(account=account, number=statement.number, is_live=True).exclude(file=file)
    if first := earlier.select_related("file").first():
        day = day_in_words(first.file.uploaded_at.date())
        raise NotAStatement(f"Statement {statement.number} of {account} was already read from {first.file} on {day}.")


def _account_of(statement: Statement) -> BankAccount:
    found = BankAccount.objects.filter(number=statement.account, currency=statement.currency, is_active=True).first()
    if found is None:
        raise NotAStatement(
            f"This is a file of another bank: the account {statement.account} in {statement.currency} is not one of ours."
        )
    return found


def _unpacked(content: bytes) -> list[Statement]:
    try:
        with ZipFile(BytesIO(content)) as packed:
            parts = [each for each in packed.infolist() if not each.is_dir()]
            names = [each.filename for each in parts]
            if "[Content_Types].xml" in names:
                raise NotAStatement("This is an Excel file. Save it as CSV.")
            if len(parts) > FILES_AT_MOST or sum(each.file_size for each in parts) > UNPACKED_AT_MOST:
                raise NotAStatement("This ZIP file has too many files, or too large ones.")
            if not parts or not all(name.lower().endswith(".xml") for name in names):
                raise NotAStatement("A ZIP file may only hold XML files.")
            return [each for part in parts for each in _inside(packed, part.filename)]
    except (
        BadZipFile,
        RuntimeError,
        NotImplementedError,
        EOFError,
        ValueError,
        OSError,
        LZMAError,
        zlib.error,
    ) as error:
        raise NotAStatement("This ZIP file is broken or has a password.") from error


def _inside(packed: ZipFile, name: str) -> list[Statement]:
    with packed.open(name) as part:
        content = part.read(BYTES_AT_MOST + 1)
    if len(content) > BYTES_AT_MOST:
        raise NotAStatement(f"{name} is too large.")
    try:
        return read_camt(content)
    except NotAStatement as refusal:
        raise NotAStatement(f"{name}: {refusal}") from refusal
