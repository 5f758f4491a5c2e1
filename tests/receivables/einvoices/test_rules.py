"""Electronic invoices keep the published schema and rules, to the cent; documents that break them are noticed."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from lxml import etree

from invoices.domain.life.adjustments import adjust
from invoices.models import Invoice
from receivables.domain.einvoices.facts import facts_of, read, read_note
from receivables.domain.einvoices.factur_x import CII, UBL, written, xml_of_note
from receivables.models import CreditNote, LedgerDocument
from tests.factories.leads import ProductFactory, agree
from tests.factories.people import with_role
from tests.invoices.made import NOVEMBER_3, a_price, an_open_period, billed, issued, received
from tests.receivables.credit_notes.made import an_issued_note
from tests.receivables.einvoices.made import (
    BUYER,
    CII_RULES,
    UBL_RULES,
    NoResult,
    a_seller,
    an_electronic_draft,
    an_electronic_invoice,
    broken,
    taxed,
)
from tests.receivables.made import a_document

pytestmark = pytest.mark.django_db
REVERSE = "Reverse charge, Article 196 of 2006/112/EC"


def plain(frank: User) -> Invoice:
    return an_electronic_invoice("25.06", "25.61", "25.63", by=frank, taxes=taxed("15"))


def negative_line(frank: User) -> Invoice:
    draft = an_electronic_draft("100", taxes=taxed("19"))
    adjust(draft, amount=Decimal("-12.50"), text="Rebate", reason="Agreed", by=with_role("Finance"), at=NOVEMBER_3)
    draft.refresh_from_db()
    return issued(draft, frank)


def several_rates(frank: User) -> Invoice:
    period = an_open_period(**BUYER | {"seller": a_seller()})
    rates = (("stone", "19"), ("wood", "7"), ("glass", "0"))
    agree(period.customer, taxes=[tax for category, rate in rates for tax in taxed(rate, category=category)])
    a_price("0.333", customer=period.customer, currency="EUR")
    for category, _ in rates:
        ProductFactory.create(customer=period.customer, name=category, category=category)
        received(period, 7, product=category)
    return issued(billed(period), frank)


def exempt(frank: User) -> Invoice:
    return an_electronic_invoice("40", by=frank, tax_exempt_reason="Article 132 of 2006/112/EC")


def reverse_charge(frank: User) -> Invoice:
    return an_electronic_invoice("40", by=frank, tax_exempt_reason=REVERSE)


def yen(frank: User) -> Invoice:
    return an_electronic_invoice("750", by=frank, currency="JPY", taxes=taxed("10"))


def credit_used(frank: User) -> Invoice:
    seller = a_seller()
    period = an_open_period(**BUYER | {"seller": seller, "taxes": taxed("20")})
    a_document(period.customer, LedgerDocument.Kind.CREDIT_NOTE, "25.47", seller=seller)
    a_price("1", customer=period.customer, currency="EUR")
    received(period, "50.01")
    return issued(billed(period), frank)


def six_places(frank: User) -> Invoice:
    period = an_open_period(**BUYER | {"seller": a_seller(), "taxes": taxed("19"), "purchase_order": "PO-7"})
    a_price("0.164875", customer=period.customer, currency="EUR")
    received(period, 7000)
    return issued(billed(period), frank)


SHAPES: dict[str, Callable[[User], Invoice]] = {
    each.__name__: each
    for each in (plain, negative_line, several_rates, exempt, reverse_charge, yen, credit_used, six_places)
}


def credit_note(frank: User) -> CreditNote:
    invoice = negative_line(frank)
    note = an_issued_note(frank, invoice, {"Product 1": "33.33", "Rebate": "-2.50"})
    return CreditNote.objects.select_related("invoice__period__customer").get(pk=note.pk)


def facts_for(invoice: Invoice) -> dict[str, Any]:
    found = Invoice.objects.select_related("period__customer").get(pk=invoice.pk)
    return facts_of(read([found])[0])


def test_every_shape_of_invoice_keeps_schema_and_rules_and_what_breaks_them_is_noticed(tmp_path: Path) -> None:
    frank = with_role("Finance")
    made = {name: facts_for(make(frank)) for name, make in SHAPES.items()}

    cii = {name: written(facts, CII) for name, facts in made.items()}  # XSD inside
    ubl = {name: written(facts, UBL) for name, facts in made.items()}
    note = credit_note(frank)
    cii["credit_note"], ubl["credit_note"] = xml_of_note(note, CII), xml_of_note(note, UBL)
    wrong = {
        "unit": cii["plain"].replace(b'unitCode="C62"', b'unitCode="XXX"'),
        "category": cii["plain"].replace(b"<ram:CategoryCode>S<", b"<ram:CategoryCode>Q<"),
        "sum": cii["plain"].replace(b"<ram:GrandTotalAmount>87.75<", b"<ram:GrandTotalAmount>87.76<"),
        "currency": cii["plain"].replace(b'TaxTotalAmount currencyID="EUR"', b"TaxTotalAmount"),
    }
    wrong_ubl = {
        "unit": ubl["plain"].replace(b'unitCode="C62"', b'unitCode="XXX"'),
        "category": ubl["plain"].replace(b"<cbc:ID>S<", b"<cbc:ID>Q<"),
    }

    assert all(wrong[name] != cii["plain"] for name in wrong)
    assert all(wrong_ubl[name] != ubl["plain"] for name in wrong_ubl)
    of_cii = broken(CII_RULES, cii | {f"wrong_{name}": xml for name, xml in wrong.items()}, tmp_path)
    of_ubl = broken(UBL_RULES, ubl | {f"wrong_{name}": xml for name, xml in wrong_ubl.items()}, tmp_path)
    for answers in (of_cii, of_ubl):
        kept = {name: failed for name, failed in answers.items() if not name.startswith("wrong_")}
        assert kept == {name: [] for name in (*SHAPES, "credit_note")}
        assert [name for name, failed in answers.items() if name.startswith("wrong_") and not failed] == []
    with pytest.raises(NoResult):
        broken(tmp_path / "missing.xslt", {"plain": cii["plain"]}, tmp_path)


def amounts(xml: bytes, *names: str) -> list[str]:
    root = etree.fromstring(xml)
    return [each.text or "" for name in names for each in root.iter(f"{{*}}{name}")]


@pytest.mark.parametrize("name", SHAPES)
def test_every_cent_is_the_stored_one(name: str) -> None:
    invoice = SHAPES[name](with_role("Finance"))
    facts = facts_for(invoice)
    number = Decimal

    lines = [number(line["BT-131"]) for line in facts["BG-25"]]
    assert sum(lines) == invoice.subtotal == number(facts["BT-106"]) == number(facts["BT-109"])
    assert sum(number(tax["BT-117"]) for tax in facts["BG-23"]) == invoice.tax == number(facts["BT-110"])
    assert number(facts["BT-112"]) == invoice.subtotal + invoice.tax
    assert number(facts["BT-112"]) - number(facts.get("BT-113", 0)) == number(facts["BT-115"]) == invoice.total
    for tax in facts["BG-23"]:
        exact = number(tax["BT-116"]) * number(tax["BT-119"]) / 100
        assert abs(number(tax["BT-117"]) - exact) * 2 <= (1 if invoice.currency == "JPY" else number("0.01"))
    for line in facts["BG-25"]:
        assert number(line["BT-129"]) * number(line["BT-146"]) == number(line["BT-131"])
        assert number(line["BT-146"]) >= 0
    stored = {str(tax): tax.amount for tax in invoice.taxes.all()}
    assert sum(stored.values()) == invoice.tax


def test_credit_used_at_issue_is_the_prepaid_amount() -> None:
    facts = facts_for(credit_used(with_role("Finance")))

    assert (facts["BT-112"], facts["BT-113"], facts["BT-115"]) == ("60.01", "25.47", "34.54")


def test_a_negative_line_has_a_negative_quantity_and_a_positive_price() -> None:
    [_, rebate] = facts_for(negative_line(with_role("Finance")))["BG-25"]

    assert (rebate["BT-129"], rebate["BT-146"], rebate["BT-131"]) == ("-1", "12.50", "-12.50")


def test_yen_have_no_decimal_places_and_a_price_of_six_is_in_the_words() -> None:
    frank = with_role("Finance")
    shown = amounts(written(facts_for(yen(frank)), CII), "LineTotalAmount", "TaxTotalAmount", "DuePayableAmount")
    assert shown == ["750", "750", "75", "825"]
    [line] = facts_for(six_places(frank))["BG-25"]
    assert "7,000" in line["BT-153"]
    assert "0.164875" in line["BT-153"]


def test_a_credit_note_is_a_381_with_positive_amounts_that_names_its_invoice() -> None:
    note = credit_note(with_role("Finance"))

    root = etree.fromstring(xml_of_note(note, UBL))

    assert etree.QName(root).localname == "CreditNote"
    named = {etree.QName(each).localname: each.text for each in root.iter() if each.text and each.text.strip()}
    assert named["CreditNoteTypeCode"] == "381"
    facts = facts_of(read_note(note))
    assert facts["BG-3"] == [{"BT-25": note.invoice.number, "BT-26": note.invoice.issued_on}]
    assert (facts["BT-109"], facts["BT-110"], facts["BT-115"]) == ("30.83", "5.86", "36.69")
    assert [line["BT-131"] for line in facts["BG-25"]] == ["33.33", "-2.50"]
