"""What `make prose` reads, what it finds and what it lets pass."""

from pathlib import Path

import pytest

from tests.prose.__main__ import MAY_SAY_THEM, files, findings
from tests.prose.reading import read
from tests.prose.terms import matches, misspelled, terms

PAGE = '''"""Drawn anew."""

LABEL = "Drawn anew"
KEY = {"drawn-anew": f"{LABEL} anew {1 + 1}" "by no"  # goes on below
       "body anew"}
RAW, SQL = r"\\d anew", "SELECT anew FROM lead"


def anew() -> int:
    # A sentence that is, for
    # ever, one.
    return len(KEY)  # `anew` is a name here
'''


def found(name: str, source: str) -> list[tuple[int, str]]:
    """Line and word, as the list has them."""
    listed = terms()
    return sorted(
        (match.line, match.word)
        for text in read(Path(name), source)
        for match in matches(text.words, text.kind, listed)
    )


def test_docstrings_comments_and_strings_are_read_and_code_is_not():
    assert found("page.py", PAGE) == [(1, "anew"), (3, "anew"), (4, "anew"), (5, "anew"), (10, "for ever")]


def test_a_single_word_in_small_letters_is_read_where_it_is_a_label():
    source = 'field = CharField("errand")\nlabel = dict(verbose_name="errand", queue="errand", title="Errand")\n'

    assert found("models.py", source) == [(1, "errand"), (2, "Errand"), (2, "errand")]


def test_the_strings_of_a_migration_are_copies_and_only_its_comments_are_read():
    assert found("leads/migrations/0002_more.py", 'LABEL = "Drawn anew"  # and anew\n') == [(1, "anew")]


def test_markdown_is_read_without_its_code_and_addresses():
    page = "# Anew\n\nSee [whoever](docs/anew.md), **so\nbegun**, `anew`.\n\n```sh\nmake anew\n```\n\n| a | anew |\n"

    assert found("page.md", page) == [(1, "Anew"), (3, "whoever"), (4, "begun"), (10, "anew")]


def test_a_template_is_read_with_what_its_attributes_show():
    page = (
        '{# anew #}<a class="anew" title="Draw anew"\nhref="/anew/">{{ anew }} is for <b>ever</b></a>\n<!-- anew -->\n'
        '{% component "x.html" with title="Drawn anew" other="anew" %}\n<script>anew</script>\n'
    )

    assert found("page.html", page) == [(1, "anew"), (1, "anew"), (2, "for ever"), (3, "anew"), (4, "anew")]


def test_a_makefile_a_stack_and_a_document_are_read_whole():
    assert found("Makefile", "lock: ## Lock anew\n\t@echo 'anew'\n") == [(1, "anew"), (2, "anew")]
    assert found("stack.yml", "# for\n# ever\nDescription: anew\n") == [(1, "for ever"), (3, "anew")]
    assert found("paper.typ", "// anew\n#text[anew]\n") == [(1, "anew"), (2, "anew")]


def test_pictures_locks_and_drawings_are_not_read():
    assert [read(Path(name), "anew") for name in ("a.png", "requirements.txt", "schema.dbml", "leads.ndjson")] == [
        []
    ] * 4


@pytest.mark.parametrize(
    ("sentence", "word"),
    [
        ("This is no time of our days.", "is no time"),
        ("It costs 1.3 % of the value.", "3 %"),
        ("Nothing is asked any more.", "any more"),
        ("See «Billing».", "«"),
        ("Writes a mail to each.", "a mail"),
    ],
)
def test_a_phrase_that_reads_as_translated_is_found(sentence: str, word: str):
    assert word in [each for _, each in found("page.md", sentence)]


@pytest.mark.parametrize(
    "sentence",
    ["There is no time left.", "It is no longer open.", "Any more actions?", "5 % 3", "a mail server", "at 1.3% of it"],
)
def test_plain_english_passes(sentence: str):
    assert found("page.md", sentence) == []


def test_british_and_misspelled_words_are_found_by_codespell():
    lines = ["The colour is", "", "a licence for teh BRIN index."]

    assert [(match.line, match.word, match.say) for match in misspelled(lines)] == [
        (1, "colour", "color"),
        (3, "licence", "license"),
        (3, "teh", "the"),
    ]


def test_a_line_keeps_a_word_for_a_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tests.prose.__main__.ROOT", tmp_path)
    page = tmp_path / "page.py"
    page.write_text(
        "# prose: nobody -- the Unix user\nUSER = 'as nobody'\n\n"
        "USER = 'as nobody'  # prose: nobody -- the Unix user\n\n"
        "USER = 'as nobody'  # prose: anew -- another word\n\nUSER = 'as nobody'  # prose: nobody --\n"
    )

    assert [str(each).partition(" → ")[0] for each in findings([Path("page.py")])] == [
        "page.py:6: nobody",
        "page.py:8: nobody",
    ]


def test_only_the_list_and_its_test_may_say_the_words():
    assert files([str(each) for each in MAY_SAY_THEM]) == []
    assert Path("docs/style/README.md") in files(["docs/style"])
