"""The design sheet says what the style sheets do, and every pair of colors can be read."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from billing_engine.core.calendar.instants import day, instant_in_words
from billing_engine.core.money import in_words
from tests.house.tree import ROOT, codes, table, text

SHEET = Path("docs/design.md")
STYLES = Path("billing_engine/core/static/core")
READABLE = 4.5  # WCAG 2.2 AA, for text


def test_every_color_of_the_sheet_is_the_token_and_its_contrast_is_what_the_sheet_says() -> None:
    light, dark = (_tokens(scheme) for scheme in (":root", ".dark"))

    for meaning, tokens, light_words, light_contrast, dark_words, dark_contrast in _colors():
        ink, ground = codes(tokens)
        for scheme, words, contrast in ((light, light_words, light_contrast), (dark, dark_words, dark_contrast)):
            assert words == f"{scheme[ink]} on {scheme[ground]}", meaning
            found = _contrast(scheme[ink], scheme[ground])
            assert f"{found:.1f}" == contrast, meaning
            assert found >= READABLE, meaning


def test_every_color_token_is_on_the_sheet_and_has_both_schemes() -> None:
    named = {token for row in _colors() for token in codes(row[1])}
    light, dark = (_tokens(scheme) for scheme in (":root", ".dark"))
    colors = {name for name, value in light.items() if value.startswith("#")}

    assert (colors, set(dark)) == (named, named)


def test_what_is_quiet_can_be_read_on_every_ground() -> None:
    for scheme in (":root", ".dark"):
        tokens = _tokens(scheme)
        assert _contrast(tokens["--lb-quiet"], tokens["--lb-ground"]) >= READABLE


def test_the_sizes_of_the_sheet_are_those_of_the_style_sheets() -> None:
    rows = table(text(SHEET), "size", "value", "token")
    tokens = _tokens(":root")

    assert {codes(row[2])[0]: row[1] for row in rows} == {
        name: value for name, value in tokens.items() if value.endswith("px")
    }
    css = "".join(text(STYLES / name) for name in ("kit.css", "menu.css"))
    assert [codes(row[2])[0] for row in rows if f"var({codes(row[2])[0]})" not in css] == []


def test_text_is_never_made_quiet_by_opacity() -> None:
    """Opacity takes contrast away from whatever is below, so how much is left is unknown; what is disabled may have it."""
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()[:60]}"
        for path in ROOT.glob("*/**/static/**/*.css")
        if path.relative_to(ROOT).parts[0]
        in ("billing_engine", "leads", "pricing", "invoices", "receivables", "reports")
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.search(r"(?<!-)opacity: ?0?\.", line) and not re.search(r"hover|disabled|action-off", line)
    ]

    assert found == []


def test_days_and_instants_have_the_format_of_the_sheet() -> None:
    formats = dict(table(text(SHEET), "what", "format"))
    at = datetime(2026, 10, 31, 18, 2, tzinfo=UTC)

    assert formats == {
        "day": day(date(2026, 10, 31)),
        "instant": instant_in_words(at, ZoneInfo("America/New_York")),
    }


def test_money_has_the_format_of_the_sheet() -> None:
    written = text(SHEET)

    for amount, currency in (("1498.96", "USD"), ("604.10", "EUR"), ("198430", "JPY"), ("-12", "USD")):
        assert in_words(Decimal(amount), currency).replace("-", "−") in written


def _colors() -> list[list[str]]:
    return [list(row) for row in table(text(SHEET), "meaning", "token", "light", "contrast", "dark", "contrast")]


def _tokens(scheme: str) -> dict[str, str]:
    block = text(STYLES / "tokens.css").partition(f"{scheme} {{")[2].partition("}")[0]
    return dict(re.findall(r"(--[\w-]+): ([^;]+);", block))


def _contrast(ink: str, ground: str) -> float:
    """WCAG 2: the ratio of the relative luminances."""
    lighter, darker = sorted((_luminance(ink), _luminance(ground)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: str) -> float:
    parts = (int(color[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
