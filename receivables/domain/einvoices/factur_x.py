"""Factur-X and UBL by the library factur-x; its check of the rules is off, because it asks a server on this machine.

It passes if no server answers, and any program that listens there would get the invoice. Tests check against the published rules.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import facturx

from billing_engine.core.errors import Refused
from invoices.domain.document.electronic import Electronic, NotExpressible, is_electronic
from invoices.models import Invoice
from receivables.domain.einvoices.expressible import refusals, why_not
from receivables.domain.einvoices.facts import facts_of, read, read_note
from receivables.models import CreditNote

LEVEL = "en16931"
CII: Literal["factur-x"] = "factur-x"
UBL: Literal["ubl-2.1"] = "ubl-2.1"


class NotElectronic(Refused):
    """Only issued invoices of customers who get electronic invoices have their data."""

    code = "not_electronic"
    message = "This invoice is not electronic."


class FacturX(Electronic):
    """Electronic invoices as Factur-X."""

    def refusals(self, invoices: Sequence[Invoice]) -> Mapping[int, str]:
        return refusals(read(invoices))

    def embedded(self, invoice: Invoice, content: bytes) -> bytes:
        """Return the PDF with `factur-x.xml` inside, as the same invoice in another form. Raises NotExpressible."""
        pdf: bytes = facturx.generate_from_binary(
            content,
            xml_of(invoice, CII),
            flavor=CII,
            level=LEVEL,
            check_xsd=True,
            check_schematron=False,
            pdf_metadata={
                "author": invoice.seller["name"],
                "keywords": "Factur-X, Invoice",
                "title": f"{invoice.seller['name']}: Invoice {invoice.number}",
                "subject": f"Invoice {invoice.number} of {invoice.issued_on}",
            },
            lang="en",
            afrelationship="alternative",
        )
        return pdf


def xml_of(invoice: Invoice, flavor: Literal["factur-x", "ubl-2.1"]) -> bytes:
    """Return the data of an issued invoice. Raises NotExpressible."""
    [one] = read([invoice])
    if words := why_not(one):
        raise NotExpressible(words)
    return written(facts_of(one), flavor)


def xml_of_note(note: CreditNote, flavor: Literal["factur-x", "ubl-2.1"]) -> bytes:
    """Return the data of an issued credit note, a document of type 381. Raises NotElectronic or NotExpressible."""
    if note.number is None or not is_electronic(note.invoice):
        raise NotElectronic
    one = read_note(note)
    if words := why_not(one):
        raise NotExpressible(words)
    return written(facts_of(one), flavor)


def written(facts: dict[str, Any], flavor: Literal["factur-x", "ubl-2.1"]) -> bytes:
    """Return the facts as XML that the published schema allows."""
    xml: bytes = facturx.generate_xml(facts, flavor=flavor, level=LEVEL, check_xsd=True, check_schematron=False)
    return xml


def ubl_of(invoice: Invoice) -> bytes:
    """Return the UBL of an issued electronic invoice. Raises NotElectronic."""
    if invoice.number is None or not is_electronic(invoice):
        raise NotElectronic
    return xml_of(invoice, UBL)
