"""The PDF of an electronic invoice is a PDF/A-3 with its data inside; others stay as they were."""

import io
from typing import Any

import facturx
import pytest
from django.test import Client
from django.urls import reverse
from lxml import etree
from pypdf import PdfReader

from invoices.models import Invoice
from receivables.domain.einvoices.factur_x import CII, xml_of
from receivables.models import CreditNote
from tests.factories.people import with_role
from tests.invoices.made import a_draft, issued, printed
from tests.receivables.credit_notes.made import an_issued_invoice, an_issued_note
from tests.receivables.einvoices.made import an_electronic_invoice, taxed

pytestmark = pytest.mark.django_db
XMP = {
    "pdfaid": "http://www.aiim.org/pdfa/ns/id/",
    "fx": "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
}


def fonts_without_file(reader: PdfReader) -> list[str]:
    """The fonts of all pages that the file does not bring along."""
    missing = []
    for page in reader.pages:
        for font in page["/Resources"].get("/Font", {}).values():
            inner = font.get_object().get("/DescendantFonts", [font])[0].get_object()
            descriptor = inner["/FontDescriptor"].get_object()
            if not {"/FontFile", "/FontFile2", "/FontFile3"} & set(descriptor):
                missing.append(inner["/BaseFont"])
    return missing


def said(metadata: Any, name: str) -> str:
    """A value of the XMP, as element or attribute."""
    prefix, local = name.split(":")
    key = f"{{{XMP[prefix]}}}{local}"
    for each in metadata.iter():
        if each.tag == key:
            return each.text or ""
        if key in each.attrib:
            return str(each.attrib[key])
    return ""


def test_the_pdf_is_pdf_a_3_with_the_data_as_factur_x_xml_inside() -> None:
    invoice = an_electronic_invoice("25.06", "25.61", by=with_role("Finance"), taxes=taxed("15"))

    content = bytes(printed(invoice).content or b"")

    reader = PdfReader(io.BytesIO(content))
    catalog: Any = reader.trailer["/Root"]
    xmp = etree.fromstring(catalog["/Metadata"].get_data().strip())
    names = ("pdfaid:part", "pdfaid:conformance", "fx:DocumentType", "fx:DocumentFileName", "fx:ConformanceLevel")
    assert [said(xmp, name) for name in names] == ["3", "B", "INVOICE", "factur-x.xml", "EN 16931"]
    assert [each["/S"] for each in catalog["/OutputIntents"]] == ["/GTS_PDFA1"]
    assert catalog["/OutputIntents"][0]["/DestOutputProfile"].get_data()
    [file] = catalog["/AF"]
    assert (file["/AFRelationship"], file["/UF"], file["/F"]) == ("/Alternative", "factur-x.xml", "factur-x.xml")
    assert fonts_without_file(reader) == []
    assert "/Encrypt" not in reader.trailer
    name, xml = facturx.get_facturx_xml_from_pdf(content, check_xsd=True, check_schematron=False)
    assert (name, xml) == ("factur-x.xml", xml_of(invoice, CII))


def test_other_invoices_have_nothing_inside() -> None:
    reader = PdfReader(io.BytesIO(bytes(printed(issued(a_draft(), with_role("Finance"))).content or b"")))

    catalog: Any = reader.trailer["/Root"]
    assert "/AF" not in catalog


def address(invoice: Invoice) -> str:
    return reverse("admin:invoices_invoice_download_ubl", args=[invoice.pk])


def test_the_data_of_a_credit_note_is_downloaded_where_its_invoice_is_electronic(client: Client) -> None:
    frank = with_role("Finance")
    client.force_login(frank)
    note = an_issued_note(frank, an_electronic_invoice("25.06", by=frank, taxes=taxed("15")), {"Product 1": "5.06"})
    other = an_issued_note(frank, an_issued_invoice(frank, {"Ash": "40.00"}), {"Ash": "1.00"})

    def told(of: CreditNote, what: str) -> Any:
        return client.get(reverse(f"admin:receivables_creditnote_{what}", args=[of.pk]))

    cii, ubl = told(note, "download_factur_x"), told(note, "download_ubl")

    assert cii["Content-Disposition"] == f'attachment; filename="{note.number}-factur-x.xml"'
    assert etree.QName(etree.fromstring(cii.content)).localname == "CrossIndustryInvoice"
    assert etree.fromstring(ubl.content).tag == "{urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2}CreditNote"
    page, plain = (told(of, "change").content.decode() for of in (note, other))
    assert ["download_factur_x" in html for html in (page, plain)] == [True, False]
    assert ["download_ubl" in html for html in (page, plain)] == [True, False]
    assert told(other, "download_ubl").status_code in {302, 404}


def test_ubl_is_downloaded_for_electronic_invoices_only(client: Client) -> None:
    frank = with_role("Finance")
    client.force_login(frank)
    invoice, other = an_electronic_invoice("25.06", by=frank, taxes=taxed("15")), issued(a_draft(), frank)

    file = client.get(address(invoice))

    assert file["Content-Disposition"] == f'attachment; filename="{invoice.number}.xml"'
    assert etree.fromstring(file.content).tag == "{urn:oasis:names:specification:ubl:schema:xsd:Invoice-2}Invoice"
    assert client.get(address(other)).status_code == 404
    page = client.get(reverse("admin:invoices_invoice_change", args=[invoice.pk])).content.decode()
    assert address(invoice) in page
    page = client.get(reverse("admin:invoices_invoice_change", args=[other.pk])).content.decode()
    assert address(other) not in page
