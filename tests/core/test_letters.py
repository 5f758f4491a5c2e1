"""Emails to customers: one message is read as parts, and both its forms say the same."""

from email import message_from_bytes
from email.policy import default
from html.parser import HTMLParser
from typing import Any

import pytest
from django.conf import LazySettings
from hypothesis import given
from hypothesis import strategies as st

from billing_engine.core.letters.brand import Brand, brand_colors
from billing_engine.core.letters.colors import LIGHT, contrast, parsed
from billing_engine.core.letters.letter import Letter, Note, letter_of, message_of
from billing_engine.core.letters.parts import Button, Fact, Facts, Sentences, facts, parts_of, text_of

SITE = "https://billing.example.com"
BRAND = Brand("Swatchyard", "billing@swatchyard.example", "350 Harbor Street, Brooklyn, NY 11231")
MESSAGE = """Dear Northlight,

Invoice INV-1 is attached.
Thank you.

Total due: $1,342.34 USD
Due date: December 3, 2026

INV-1, due November 1, 2026: $287.70 ($300.00 open; $12.30 disputed and set aside)

Pay online: https://billing.example.com/pay/abc

Swatchyard
"""
words = st.from_regex(r"[A-Za-z0-9]{1,20}", fullmatch=True)
parts = st.one_of(
    words.map(Sentences),
    st.lists(st.tuples(words, words), min_size=2, max_size=4).map(lambda rows: facts(*rows)),
    words.map(lambda path: Button("See it", f"{SITE}/{path}")),
)


@pytest.fixture(autouse=True)
def _site(settings: LazySettings) -> None:
    settings.ONLINE_PAYMENTS = {**settings.ONLINE_PAYMENTS, "site": SITE}


class Tags(HTMLParser):
    """The tags of a page with their attributes, and its visible words."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.said: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if data.strip() and self.tags[-1][0] != "style":
            self.said.append(" ".join(data.split()))


def test_a_message_is_read_as_sentences_facts_and_buttons() -> None:
    assert parts_of(MESSAGE) == (
        Sentences("Dear Northlight,"),
        Sentences("Invoice INV-1 is attached.\nThank you."),
        facts(("Total due", "$1,342.34 USD"), ("Due date", "December 3, 2026")),
        facts(("INV-1, due November 1, 2026", "$287.70 ($300.00 open; $12.30 disputed and set aside)")),
        Button("Pay online", f"{SITE}/pay/abc"),
        Sentences("Swatchyard"),
    )
    [row] = parts_of(MESSAGE)[3].rows  # type: ignore[union-attr]  # a table
    assert (row.figure, row.note) == ("$287.70", "$300.00 open; $12.30 disputed and set aside")


@given(st.lists(parts, min_size=1, max_size=6))
def test_what_is_written_as_text_is_read_as_the_same_parts(written: list[Any]) -> None:
    assert parts_of(text_of(written)) == tuple(written)


@pytest.mark.parametrize(
    "paragraph",
    ["Note: write to us if it is late.", "Pay: https://evil.example/pay", "Hello Evil: https://evil.example,"],
    ids=["a sentence with a colon", "an address that is not ours", "a name with an address"],
)
def test_other_paragraphs_stay_sentences(paragraph: str) -> None:
    assert parts_of(paragraph) == (Sentences(paragraph),)


def test_both_forms_say_the_same_and_the_html_loads_nothing() -> None:
    letter = letter_of(
        "Invoice INV-1", MESSAGE, brand=BRAND, notes=[Note("Money can’t wait.", "See why", f"{SITE}/why")]
    )
    page = Tags(letter.as_html)

    assert letter.as_text == (
        MESSAGE.replace("Pay online: ", "Pay online:\n")
        + "\n-- \nMoney can’t wait. See why: https://billing.example.com/why\n"
        + "Swatchyard, 350 Harbor Street, Brooklyn, NY 11231\n"
    )
    assert page.said == [
        *("Invoice INV-1", "Invoice INV-1 is attached. Thank you.", "S", "Swatchyard", "Invoice INV-1"),
        *("Dear Northlight,", "Invoice INV-1 is attached.", "Thank you."),
        *("Total due", "$1,342.34 USD", "Due date", "December 3, 2026"),
        *("INV-1, due November 1, 2026", "$300.00 open; $12.30 disputed and set aside", "$287.70"),
        *("Pay online", "Swatchyard", "Money can’t wait.", "See why"),
        "Swatchyard, 350 Harbor Street, Brooklyn, NY 11231",
    ]
    assert [facts["href"] for tag, facts in page.tags if tag == "a"] == [f"{SITE}/pay/abc", f"{SITE}/why"]
    assert {tag for tag, _ in page.tags} & {"img", "link", "script", "iframe", "form", "object"} == set()
    assert not [facts for _, facts in page.tags if {"src", "background", "srcset"} & set(facts)]
    assert "url(" not in letter.as_html
    assert "prefers-color-scheme: dark" in letter.as_html
    assert len(letter.as_html) < 50_000  # Gmail cuts what is longer than 102 kB


def test_hostile_names_are_shown_as_they_are() -> None:
    name = '"><img src=x onerror=alert(1)><a href="https://evil.example">pay</a>'
    letter = Letter(
        f"Invoice of {name}",
        (Sentences(f"Dear {name},"), facts((name, name), ("Total", "$1.00"))),
        Brand(name, "", name),
        (Note(f"You get this as a contact of {name}."),),
    )
    page = Tags(letter.as_html)

    assert [tag for tag, _ in page.tags if tag in ("a", "img", "script")] == []
    assert [said for said in page.said if name in said] == [
        *(f"Invoice of {name}", name, f"Invoice of {name}", f"Dear {name},", name, name),
        f"You get this as a contact of {name}.",
        f"{name}, {name}",
    ]


def test_the_email_has_both_forms_and_its_file() -> None:
    letter = letter_of("Invoice INV-1", MESSAGE, brand=BRAND)
    sent = message_of(letter, to=["a@x.example"], headers={"Message-ID": "<1@x>"}, file=("INV-1.pdf", b"%PDF"))
    message = message_from_bytes(sent.message().as_bytes(), policy=default)

    assert [part.get_content_type() for part in message.walk()] == [
        *("multipart/mixed", "multipart/alternative", "text/plain", "text/html", "application/pdf"),
    ]
    assert (message["Subject"], message["To"], message["Message-ID"]) == ("Invoice INV-1", "a@x.example", "<1@x>")


@pytest.mark.parametrize("color", ["#ffff00", "#24489a", "#000000"])
def test_a_button_can_be_read_in_any_company_s_color(settings: LazySettings, color: str) -> None:
    settings.PORTAL_COLOR = color
    light, dark = brand_colors()

    assert contrast(parsed(light), LIGHT) >= 4.5  # white on the button
    assert contrast(parsed(dark), parsed("#0d1117")) >= 4.5


def test_a_total_is_bold_and_a_long_value_stands_below_its_name() -> None:
    total, why = Fact("Total due", "$5.00"), Fact("Why", "Invalid contact. Both addresses did not exist.")

    assert [(each.is_total, each.is_long) for each in (total, why)] == [(True, False), (False, True)]
    assert Facts((total, why)).text == "Total due: $5.00\nWhy: Invalid contact. Both addresses did not exist."
