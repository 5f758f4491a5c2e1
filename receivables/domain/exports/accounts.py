"""The accounts of a company's accounting system."""

from collections.abc import Iterable

from django.contrib.auth.models import User
from django.db import transaction

from billing_engine.core.deeds.record import record_saved
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import HasFaults, Refused
from billing_engine.core.saving import save_changes
from billing_engine.core.validation import row_faults
from invoices.domain.document.taxed_lines import TaxedLine
from leads.models import Company
from receivables.models import AccountMapping

Account = AccountMapping.Account
MAPPING_SAVED = Verb("account_mapping_saved", "Account mapping saved")


class NoAccount(Refused):
    """The accounting system's account is not known yet."""

    code = "no_account"


class MappingHasFaults(HasFaults):
    """An account mapping that contradicts itself or another."""

    code = "account_mapping_has_faults"


class Accounts:
    """The account mappings of one company, read once."""

    def __init__(self, seller: Company | None, name: str) -> None:
        self.name = name
        found = AccountMapping.objects.filter(**{"seller": seller} if seller else {"seller__isnull": True})
        self.found = {(each.account, each.tax, each.product_id): each for each in found}

    def mapping(self, account: str, *, tax: str = "", product: int | None = None) -> AccountMapping:
        """The mapping of a ledger account; a product's revenue falls back to all revenue. Raises NoAccount."""
        found = self.found.get((account, tax, product)) or self.found.get((account, tax, None))
        if found is None:
            raise NoAccount(self._missing(account, tax))
        return found

    def code(self, account: str, *, tax: str = "", product: int | None = None) -> str:
        """The account in the accounting system. Raises NoAccount."""
        return self.mapping(account, tax=tax, product=product).code

    def tax_code(self, taxes: Iterable[str], product: int | None) -> str:
        """What the accounting system calls the taxes of a line. Raises NoAccount."""
        codes = [self._tax_code(self.mapping(Account.TAX, tax=tax)) for tax in taxes]
        return " + ".join(codes) if codes else self._tax_code(self.mapping(Account.REVENUE, product=product))

    def missing(self, wanted: Iterable[tuple[str, str]]) -> list[str]:
        """Return a sentence for each ledger account and tax without a mapping."""
        return [self._missing(*each) for each in wanted if (*each, None) not in self.found]

    def missing_on(self, lines: Iterable[TaxedLine]) -> list[str]:
        """Return a sentence for each account or tax code that these lines need and that is missing."""
        found = dict[str, None]()
        for line in lines:
            for taxes in [[tax] for tax in line.taxes] or [[]]:
                try:
                    self.tax_code(taxes, line.product)
                except NoAccount as refusal:
                    found[str(refusal)] = None
        return list(found)

    def _tax_code(self, mapping: AccountMapping) -> str:
        if not mapping.tax_code:
            raise NoAccount(self._without_code(mapping))
        return mapping.tax_code

    def _missing(self, account: str, tax: str) -> str:
        return f"{self.name} has no account for {tax or Account(account).label.lower()} yet. Add it under Accounts."

    def _without_code(self, mapping: AccountMapping) -> str:
        what = mapping.tax or f"sales without tax ({mapping.code})"
        return f"{self.name} has no tax code for {what} yet. Add it under Accounts."


@transaction.atomic
def save_mapping(mapping: AccountMapping, *, by: User) -> AccountMapping:
    """Save an account mapping; files that exist do not change. Raises MappingHasFaults."""
    stored = AccountMapping.objects.select_for_update().filter(pk=mapping.pk).first()
    if faults := row_faults(mapping):
        raise MappingHasFaults(faults)
    if stored is None:
        mapping.save(force_insert=True)
    else:
        save_changes(mapping, since=stored)
    record_saved(MAPPING_SAVED, on=mapping, stored=stored, by=by)
    return mapping
