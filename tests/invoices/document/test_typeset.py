"""The PDF says what the page says, to the cent, and always has the same bytes."""

import io
import json
import os
import pickle
import re
import subprocess
import sys
from collections import Counter
from datetime import timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from hypothesis import given, settings
from hypothesis.strategies import characters, text
from pypdf import PdfReader

from billing_engine.core.fonts import families, han_of, unprintable
from billing_engine.core.templatetags import emails
from invoices.domain.document.annex import annex_of
from invoices.domain.document.content import InvoiceContent, LabeledValue, Party, content_of
from invoices.domain.document.content_lines import TierPart, UnchargedLine
from invoices.domain.document.parts.line_groups import LineGroup, LineRow
from invoices.domain.document.store import InvoiceIsNotIssued, document_of, make
from invoices.domain.document.typeset import preview, render
from invoices.domain.wording import clean
from invoices.models import Invoice, InvoiceDocument
from tests.factories.leads import from_day
from tests.factories.pricing import graduated
from tests.invoices.made import (
    IN_SEPTEMBER,
    NOVEMBER_3,
    a_draft,
    a_price,
    an_open_period,
    billed,
    issued,
    printed,
    received,
    texts_of,
)

HOSTILE = "#panic() $x^2$ *bold* _it_ `raw` <script>alert(1)</script> \\ @ref // c /* d */ = [H] {% x %} #{1} https://a.example"

RENDER_ELSEWHERE = """
import pickle, sys, django
django.setup()
from invoices.domain.document.typeset import render
sys.stdout.buffer.write(render(pickle.load(sys.stdin.buffer)))
"""


def a_paper(*rows: LineRow, **more: Any) -> InvoiceContent:
    """An invoice's content with these lines, otherwise plain."""
    facts = {
        "title": "Invoice",
        "mark": "",
        "number": "INV-2026-000012",
        "made_on": "2026-11-03",
        "seller": Party("Atlas Samples", ("85 Wharf Street",), "94-1234567", ("billing@atlas.example",)),
        "bill_to": Party("Nordic Surfaces", ("Speicherstadt 4", "20457 Hamburg"), "DE129273398", ()),
        "details": (LabeledValue("Invoice number", "INV-2026-000012"),),
        "headline": "$7.50 due December 3, 2026",
        "subject": "1 action received: 1 charged, 0 included at zero, 0 not charged, none waiting",
        "questions": (),
        "lines": (),
        "groups": (LineGroup("Sample order", "sample", rows),),
        "actions": (),
        "subtotals": (LabeledValue("Before tax", "$7.50"),),
        "total": LabeledValue("Due December 3, 2026", "$7.50 USD"),
        "uncharged": (),
        "uncharged_total": None,
        "payment": ("First Harbor Bank",),
        "reference": "RF35 INV2 0260 0001 2",
    }
    return InvoiceContent(**(facts | more))


def a_line(name: str = "Oak veneer", **more: Any) -> LineRow:
    facts = {"notes": (), "quantity": "3", "unit_price": "$2.50", "amount": "$7.50"}
    return LineRow(name, **(facts | more))


def pages_of(pdf: bytes) -> list[str]:
    return [page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages]


def squeezed(text: str) -> str:
    """Without what a line break or a column may put between the letters, and in one case: headings are in capitals."""
    return re.sub(r"[\s\u200b]+", "", text).casefold()


def amounts_of(text: str) -> Counter[str]:
    return Counter(re.findall(r"-?[$€¥][\d,.]*\d", text))


@pytest.mark.django_db
def test_the_pdf_says_what_the_page_says_to_the_cent(frank: User) -> None:
    period = an_open_period(tax_rate=Decimal("8.875"), monthly_minimum=Decimal(100), address="1 Foundry Road\nBrooklyn")
    a_price()
    graduated((2, "1.00", "0"), (None, "0.3333", "0"), priority=1, action_type=None, category="tiered")
    received(period, 3, 4)
    received(period, 2, at=IN_SEPTEMBER)
    received(period, 1, 5, product="Felt panel")
    from_day(period.customer.products.get(name="Felt panel"), category="tiered")
    received(period, 1, 1, is_test=True)
    invoice = issued(billed(period), frank)
    paper = paper_with_everything(invoice)

    pages = pages_of(bytes(printed(invoice).content))

    text = squeezed("".join(pages))
    assert [part for part in texts_of(paper.as_data()) if squeezed(part) not in text] == []
    annex = annex_of(invoice)
    assert annex is not None
    assert amounts_of("".join(pages)) == amounts_of("\n".join([*texts_of(paper.as_data()), *texts_of(annex.as_data())]))


def paper_with_everything(invoice: Invoice) -> InvoiceContent:
    """The invoice's paper, after a look that no part of it is missing."""
    paper = content_of(invoice)
    tiers = [tier for group in paper.groups for tier in group.tiers]
    assert all((paper.lines, paper.uncharged, paper.subtotals, tiers, paper.reference))
    assert any(line.notes for line in paper.lines)
    return paper


def test_the_same_content_gives_the_same_bytes_in_another_process() -> None:
    paper = a_paper(a_line())
    elsewhere = subprocess.run(
        [sys.executable, "-c", RENDER_ELSEWHERE],
        input=pickle.dumps(paper),
        capture_output=True,
        check=True,
        env=dict(os.environ),
    )

    assert elsewhere.stdout == render(paper)


def test_another_cent_gives_other_bytes() -> None:
    assert render(a_paper(a_line())) != render(a_paper(a_line(amount="$7.51")))


def test_a_hostile_name_stays_literal_text_everywhere() -> None:
    party = Party(HOSTILE, (HOSTILE,), HOSTILE, (HOSTILE,))
    tier = TierPart(HOSTILE, HOSTILE, HOSTILE, HOSTILE)
    paper = a_paper(
        a_line(name=HOSTILE, notes=(HOSTILE,), tiers=(tier,)),
        seller=party,
        bill_to=party,
        details=(LabeledValue(HOSTILE, HOSTILE),),
        uncharged=(UnchargedLine(2, HOSTILE, HOSTILE, (HOSTILE,), "1"),),
        uncharged_total=LabeledValue(HOSTILE, "$0.00"),
        payment=(HOSTILE,),
    )

    text = squeezed("".join(pages_of(render(paper))))

    # Once in the footer of each page and once for every place it was put in, read letter by letter.
    places = [part for part in texts_of(paper.as_data()) if part == HOSTILE]
    assert text.count(squeezed(HOSTILE)) >= len(places)


@pytest.mark.parametrize(
    "email",
    [
        "accounts.payable@nordic.example",
        "accounts-payable.department@architectural-veneers-and-surfaces.example",
        "verylongmailboxname_of_finance@sustainabletimbersurfaces.architecture.example",
    ],
)
def test_no_word_is_broken_inside_an_email_address(email: str) -> None:
    party = Party("Nordic Surfaces", ("Speicherstadt 4",), "DE129273398", (email,))

    text = pages_of(render(a_paper(a_line(), bill_to=party, questions=(email,))))[0].replace("\u200b", "")

    words = re.findall(r"[^@._-]+", email)
    lines = [line.strip() for line in text.splitlines()]
    assert squeezed(email) in squeezed(text)
    assert [word for word in words if not any(word in line for line in lines)] == []


def test_the_page_breaks_an_email_address_only_after_a_sign() -> None:
    assert emails.email("a.b-c@d.example") == "a.<wbr>b-<wbr>c@<wbr>d.<wbr>example<wbr>"
    assert emails.email("<b>@d") == "&lt;b&gt;@<wbr>d<wbr>"


@pytest.mark.parametrize(
    "name",
    [
        *("Łódź Ștefan", "Ελληνικά", "Привет", "שלום", "مرحبا", "Tiếng Việt", "₹ ₩ ₽ ₺ ₫"),
        *("株式会社サンプル", "深圳市瓷砖有限公司", "臺灣磁磚", "주식회사 타일", "บริษัท กระเบื้อง", "हिन्दी", "ქართული"),
        *("Tiles 😀", "👨‍👩‍👧 ❤️ 🇩🇪"),
    ],
)
def test_names_in_many_scripts_are_archivable_and_leave_no_box(name: str) -> None:
    pdf = render(a_paper(a_line(name=name)))

    assert is_archivable(pdf)
    assert unprintable(name) == ""


@pytest.mark.parametrize(("name", "missing"), [("Tifinagh ⵣ tiles", "ⵣ"), ("Private \ue000", "\ue000"), ("𓀀𒀀", "𓀀𒀀")])
def test_a_character_that_no_font_has_costs_the_archive_profile_never_the_invoice(name: str, missing: str) -> None:
    pdf = render(a_paper(a_line(name=name)))

    assert not is_archivable(pdf)
    assert "$7.50" in "".join(pages_of(pdf))
    assert unprintable(name) == missing


@given(text(alphabet=characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20))
@settings(max_examples=60, deadline=None)
def test_printable_characters_are_exactly_those_that_the_archive_profile_allows(name: str) -> None:
    shown = clean(name)

    assert is_archivable(render(a_paper(a_line(name=shown)))) == (unprintable(shown) == "")


def test_chinese_characters_are_drawn_as_where_they_are_read() -> None:
    assert [
        han_of("磁磚", "en_US"),
        han_of("磁磚", "zh_TW"),
        han_of("株式会社サンプル", "en_US"),
        han_of("株式会社", "ja_JP"),
        han_of("주식회사 磁磚", "en_US"),
    ] == ["SC", "TC", "JP", "JP", "KR"]
    assert [name for name in families("TC") if "CJK" in name][:2] == ["Noto Sans CJK TC", "Noto Sans CJK SC"]


def is_archivable(pdf: bytes) -> bool:
    """PDF/A-2a and PDF/UA-1, tagged, with a title and a language."""
    root = PdfReader(io.BytesIO(pdf)).trailer["/Root"]
    about = root["/Metadata"].get_data().decode()
    claims = ("<pdfaid:part>2<", "<pdfaid:conformance>A<", "<pdfuaid:part>1<")
    return "/StructTreeRoot" in root and root["/Lang"] == "en" and all(claim in about for claim in claims)


def test_two_hundred_lines_repeat_their_header_and_count_their_pages() -> None:
    pages = pages_of(render(a_paper(*(a_line(f"Product {n}") for n in range(1, 201)))))

    assert len(pages) > 3
    for number, page in enumerate(pages, start=1):
        assert f"Page {number} of {len(pages)}" in page
    full = pages[:-1]
    assert [squeezed("Sample order") in squeezed(page) for page in full] == [True] * len(full)
    told = re.findall(r"Product (\d+)", "".join(pages))
    assert [int(number) for number in told] == list(range(1, 201))


def test_a_draft_is_marked_on_every_page() -> None:
    pages = pages_of(render(a_paper(*(a_line(f"Product {n}") for n in range(1, 61)), mark="DRAFT", number="")))

    assert len(pages) > 1
    assert ["DRAFT, not an invoice yet" in page for page in pages] == [True] * len(pages)


@pytest.mark.django_db
def test_the_document_is_rendered_once_and_kept(frank: User) -> None:
    invoice = issued(a_draft(), frank)

    first = printed(invoice)
    make(first.pk, attempt=first.attempts, at=NOVEMBER_3 + timedelta(days=99))
    again = document_of(invoice)

    assert (again.rendered_at, again.sha256) == (NOVEMBER_3, sha256(bytes(first.content)).hexdigest())
    assert bytes(again.content) == bytes(first.content)
    with pytest.raises(IntegrityError), transaction.atomic():
        InvoiceDocument.objects.update(sha256="0")


@pytest.mark.django_db
def test_what_is_not_issued_has_a_preview_but_no_document() -> None:
    invoice = a_draft()

    with pytest.raises(InvoiceIsNotIssued):
        document_of(invoice)

    assert "DRAFT" in "".join(pages_of(preview(invoice)))
    assert not InvoiceDocument.objects.exists()


def test_content_is_plain_data() -> None:
    data = a_paper(a_line()).as_data()

    assert json.loads(json.dumps(data))["groups"][0]["rows"][0]["amount"] == "$7.50"
