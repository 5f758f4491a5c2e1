"""Our bank accounts and the mappings of CSV files: saved by a person, with a deed."""

import re

from django.contrib.auth.models import User
from django.db import transaction

from billing_engine.core import money
from billing_engine.core.deeds.record import record_saved
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import FieldFault, HasFaults
from billing_engine.core.saving import save_changes
from billing_engine.core.validation import row_faults
from receivables.models import BankAccount, CsvMapping

ACCOUNT_SAVED = Verb("bank_account_saved", "Bank account saved")
MAPPING_SAVED = Verb("csv_mapping_saved", "CSV mapping saved")

IBAN = re.compile(r"^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$")


class SettingHasFaults(HasFaults):
    """A bank account or mapping that can't be saved."""

    code = "bank_setting_has_faults"


@transaction.atomic
def save_account(account: BankAccount, *, by: User) -> BankAccount:
    """Store an account of ours. Raises SettingHasFaults."""
    account.number = plain_number(account.number)
    faults = row_faults(account) + account_faults(account)
    if faults:
        raise SettingHasFaults(faults)
    stored = BankAccount.objects.filter(pk=account.pk).first()
    save_changes(account)
    record_saved(ACCOUNT_SAVED, on=account, stored=stored, by=by)
    return account


def plain_number(number: str) -> str:
    """An IBAN or account number without spaces and dashes."""
    return re.sub(r"[\s-]", "", number).upper()


def account_faults(account: BankAccount) -> list[FieldFault]:
    """What is wrong with its number and currency."""
    faults = list[FieldFault]()
    if IBAN.match(account.number) and not has_right_check_digits(account.number):
        faults.append(FieldFault("number", "wrong_check_digits", "The check digits of this IBAN are wrong."))
    if not money.is_currency(account.currency):
        faults.append(FieldFault("currency", "no_such_currency", "Choose a currency in force."))
    return faults


@transaction.atomic
def save_mapping(mapping: CsvMapping, *, by: User) -> CsvMapping:
    """Store how a bank's CSV files are read. Raises SettingHasFaults."""
    if faults := row_faults(mapping):
        raise SettingHasFaults(faults)
    stored = CsvMapping.objects.filter(pk=mapping.pk).first()
    save_changes(mapping)
    record_saved(MAPPING_SAVED, on=mapping, stored=stored, by=by)
    return mapping


def has_right_check_digits(iban: str) -> bool:
    """Whether an IBAN is right by its check digits (ISO 7064, mod 97-10)."""
    return int("".join(str(int(each, 36)) for each in iban[4:] + iban[:4])) % 97 == 1
