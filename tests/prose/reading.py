"""What a person reads in a file: its text with everything else masked, line by line.

Code is masked with `|`, which ends a sentence; code inside a sentence with `_`, which does not. Lines stay lines.
"""

import io
import re
import tokenize
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

GUIDE, SCREEN, CODE = "guide", "screen", "code"  # Markdown; UI, API, emails and PDFs; comments and docstrings

SKIPPED = {".dbml", ".lock", ".ndjson", ".pem", ".png", ".svg", ".txt"}
SHOWN_ATTRIBUTES = r"title|placeholder|alt|aria-label|label|value|hx-confirm|content"

SQL = re.compile(r"\b(?:SELECT|INSERT|UPDATE|DELETE|CREATE|ALTER|WHERE|FROM|JOIN|ORDER BY)\b")
SENTENCE = re.compile(r"[A-Z][a-z]+|.*\s.*", re.DOTALL)  # a single word in small letters is a key, unless it is a label
LABEL = re.compile(r"(?:(?:verbose_name|verbose_name_plural|help_text|label|description)=|(?:Field|ForeignKey)\()$")
BRACES = re.compile(r"\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}")
BACKTICKS = re.compile(r"(`+)(?!`)[^`]+\1")
MASK = re.compile(r"[^\S\n]*\|[^\S\n|]*(?:\|[^\S\n|]*)*")
COMMENT_MARK = re.compile(r"^([ \t]*)(#+|//+|--|/?\*+|<!--)(?=\s)", re.MULTILINE)


class Text(NamedTuple):
    """One kind of prose in a file, laid out as the file is."""

    kind: str
    words: str


def read(path: Path, source: str) -> list[Text]:
    """The prose of a file; empty for what no person reads."""
    if path.suffix in SKIPPED:
        return []
    texts = READERS.get(path.suffix, _plain)(source)
    if "migrations" in path.parts:  # its strings are copies of the models'
        texts = [text for text in texts if text.kind == CODE]
    return [text._replace(words=MASK.sub("|", text.words)) for text in texts]


def _masked(source: str, pattern: re.Pattern[str] | str, fill: str, flags: int = 0) -> str:
    return re.sub(pattern, lambda found: _fill(found[0], fill), source, flags=flags)


def _fill(words: str, fill: str) -> str:
    return re.sub(r"\S", fill, words)


def _plain(source: str) -> list[Text]:
    return [Text(CODE, _comment(source))]


def _comment(source: str) -> str:
    """A comment that runs over several lines reads as one sentence."""
    unmarked = COMMENT_MARK.sub(lambda found: found[1] + " " * len(found[2]), source)
    return _masked(unmarked, BACKTICKS, "_")


def _typst(source: str) -> list[Text]:
    return [Text(SCREEN, _comment(source))]


def _markdown(source: str) -> list[Text]:
    words = _masked(source, r"^ *```.*?^ *```$", "|", re.DOTALL | re.MULTILINE)
    words = _masked(words, BACKTICKS, "_")
    words = _masked(words, r"(?<=\])\([^)\s]+\)", "|")
    words = _masked(words, r"https?://[^\s)>]+", "_")
    return [Text(GUIDE, re.sub(r"\*\*|^> ", "  ", words, flags=re.MULTILINE))]


def _html(source: str) -> list[Text]:
    words = _masked(source, r"<(script|style)\b.*?</\1>", "|", re.DOTALL)
    words = _masked(words, r"\{\{.*?\}\}", "_", re.DOTALL)
    words = re.sub(r"\{%.*?%\}", lambda found: _only(r'"[A-Z][^"\n]* [^"\n]*"', found[0]), words, flags=re.DOTALL)
    words = _masked(words, rf"</?(?:a|b|i|em|strong|span|small)\b(?![^<>]*\b(?:{SHOWN_ATTRIBUTES})=)[^<>]*>", " ")
    shown = rf'\b(?:{SHOWN_ATTRIBUTES})="[^"<>]*"'
    return [Text(SCREEN, re.sub(r"<[^!<>][^<>]*>", lambda tag: _only(shown, tag[0]), words))]


def _only(pattern: str, source: str) -> str:
    """The source with all masked that the pattern does not match."""
    kept, end = [], 0
    for found in re.finditer(pattern, source):
        kept += [_fill(source[end : found.start()], "|"), found[0]]
        end = found.end()
    return "".join([*kept, _fill(source[end:], "|")])


class _Piece(NamedTuple):
    """A comment or a string literal of a Python file: where it is, whether the next literal continues it, and whether it
    is prose even if it is a single word in small letters."""

    start: int
    end: int
    kind: str
    goes_on: bool
    also_one_word: bool = False


def _python(source: str) -> list[Text]:
    shown, code = _Page(source), _Page(source)
    for piece in _pieces(source):
        words = source[piece.start : piece.end]
        if piece.kind == "#":
            code.write(piece.start, " " + words[1:] if not words.startswith("#!") else "")
        elif piece.kind == CODE:
            code.write(piece.start, _literal(piece, words))
        else:
            shown.write(piece.start, _literal(piece, words))
    return [Text(SCREEN, shown.words()), Text(CODE, _masked(code.words(), BACKTICKS, "_"))]


class _Page:
    """A masked copy of a source, on which pieces are uncovered."""

    def __init__(self, source: str) -> None:
        self._characters = list(_fill(source, "|"))

    def write(self, start: int, words: str) -> None:
        self._characters[start : start + len(words)] = words

    def words(self) -> str:
        return "".join(self._characters)


def _literal(piece: _Piece, words: str) -> str:
    """The text of a string literal without its quotes and placeholders; empty if it is not prose."""
    parts = re.fullmatch(r"([A-Za-z]*)('''|\"\"\"|'|\")(.*)\2", words, re.DOTALL)
    if parts is None or set(parts[1].lower()) & {"r", "b"}:
        return ""
    inside = parts[3]
    if SQL.search(inside) or not (piece.goes_on or piece.also_one_word or SENTENCE.fullmatch(inside)):
        return ""
    inside = _masked(_masked(inside, r"\\[^\n]", "|"), BRACES, "_")
    return " " * (len(parts[1]) + len(parts[2])) + inside + (" " if piece.goes_on else "|") * len(parts[2])


def _pieces(source: str) -> Iterator[_Piece]:
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    tokens = [token for token in _tokens(source) if token.type != tokenize.NL]
    begins, before = True, ""  # a statement; the text of the last two tokens
    for token, following in pairwise(tokens):
        start, end = (starts[line - 1] + column for line, column in (token.start, token.end))
        if token.type == tokenize.COMMENT:
            yield _Piece(start, end, "#", False)
            continue
        if token.type == tokenize.STRING:
            alone = begins and following.type == tokenize.NEWLINE
            goes_on = following.type == tokenize.STRING
            also_one_word = bool(LABEL.search(before)) or before.endswith(("'", '"'))
            yield _Piece(start, end, CODE if alone else SCREEN, goes_on, also_one_word)
        begins = token.type in {tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING}
        before = before.rpartition(" ")[2] + token.string if token.type == tokenize.OP else " " + token.string


def _tokens(source: str) -> Iterator[tokenize.TokenInfo]:
    """Python's tokens, an f-string being one STRING also from Python 3.12 on."""
    begins, ends = (getattr(tokenize, name, -1) for name in ("FSTRING_START", "FSTRING_END"))
    yield tokenize.TokenInfo(tokenize.ENCODING, "utf-8", (1, 0), (1, 0), "")
    depth, start = 0, (0, 0)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == begins:
            start = start if depth else token.start
            depth += 1
        elif token.type == ends:
            depth -= 1
            if not depth:
                yield token._replace(type=tokenize.STRING, start=start)
        elif not depth:
            yield token


READERS: dict[str, Callable[[str], list[Text]]] = {
    ".py": _python,
    ".md": _markdown,
    ".html": _html,
    ".typ": _typst,
}
