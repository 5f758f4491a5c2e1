"""The fonts of our documents, the same on every machine, and the characters that none of them has.

They come in packages: Libertinus and two others inside Typst's own, Noto (SIL Open Font License 1.1) in `manimgx-fonts`
and `noto-cjk-sans-otc`. A PDF embeds only the characters it shows.
"""

import unicodedata
from functools import cache, lru_cache
from importlib.util import find_spec

import typst

PACKAGES = ("manimgx_fonts", "noto_cjk_sans_otc")
FIRST = ("Libertinus Serif", "New Computer Modern", "Noto Sans")
SCRIPTS = (
    *(
        "Arabic",
        "Armenian",
        "Bengali",
        "Devanagari",
        "Ethiopic",
        "Georgian",
        "Gujarati",
        "Gurmukhi",
        "Hebrew",
        "Kannada",
    ),
    *("Khmer", "Lao", "Malayalam", "Myanmar", "Oriya", "Sinhala", "Tamil", "Telugu", "Thai"),
)
LAST = ("Noto Emoji", "Noto Sans Symbols", "DejaVu Sans Mono")
ARCHIVABLE: "tuple[typst.PDFStandard, ...]" = ("a-2a", "ua-1")
PLAIN = frozenset(map(chr, range(0x20, 0x7F)))
PRIVATE = "Co"  # private use: every font has different glyphs there

# The same Chinese character looks different in Japan, Korea and China.
CHINESE, JAPANESE, KOREAN = "SC", "JP", "KR"
BY_LOCALE = {"ja": JAPANESE, "ko": KOREAN, "zh_TW": "TC", "zh_Hant": "TC", "zh_HK": "HK", "zh_Hant_HK": "HK"}
KANA, HANGUL = ("\u3040", "\u30ff"), ("\uac00", "\ud7a3")


@cache
def folders() -> tuple[str, ...]:
    """Return the folders of the packages' font files."""
    return tuple(place for name in PACKAGES for place in _places(name))


def _places(name: str) -> list[str]:
    spec = find_spec(name)
    return list(spec.submodule_search_locations or ()) if spec else []


def families(han: str = CHINESE) -> list[str]:
    """Return the fonts in the order in which a character is looked up; `han` is the variant of Chinese characters."""
    east = [f"Noto Sans CJK {place}" for place in dict.fromkeys((han, CHINESE, JAPANESE, KOREAN, "TC", "HK"))]
    return [*FIRST, *(f"Noto Sans {script}" for script in SCRIPTS), *east, *LAST]


def han_of(text: str, locale: str) -> str:
    """Return the variant of Chinese characters to use: by the script of the text, or else by the reader's locale."""
    for script, (first, last) in ((JAPANESE, KANA), (KOREAN, HANGUL)):
        if any(first <= sign <= last for sign in text):
            return script
    known = (place for name, place in sorted(BY_LOCALE.items(), reverse=True) if locale.startswith(name))
    return next(known, CHINESE)


def unprintable(text: str) -> str:
    """Return the characters of the text that the archive profile cannot show, each once and in order."""
    unusual = [sign for sign in dict.fromkeys(text) if sign not in PLAIN and not sign.isspace()]
    missing = _missing(tuple(sorted(unusual))) if unusual else frozenset()
    return "".join(sign for sign in unusual if sign in missing)


def named(characters: str) -> str:
    """Describe characters so that they can be found: `ⵣ (U+2D63), U+E000`."""
    return ", ".join(
        f"U+{ord(sign):04X}" if unicodedata.category(sign)[0] == "C" else f"{sign} (U+{ord(sign):04X})"
        for sign in characters
    )


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, font_paths=list(folders()))


@lru_cache(maxsize=4_096)
def _missing(signs: tuple[str, ...]) -> frozenset[str]:
    """Find the missing characters by bisection; one check of all characters is usually enough."""
    if all(unicodedata.category(sign) != PRIVATE for sign in signs) and _is_shown("".join(signs)):
        return frozenset()
    if len(signs) == 1:
        return frozenset(signs)
    middle = len(signs) // 2
    return _missing(signs[:middle]) | _missing(signs[middle:])


def _is_shown(text: str) -> bool:
    names = ", ".join(f'"{name}"' for name in families())
    page = f'#set document(title: "-")\n#set text(font: ({names}))\n#text(sys.inputs.text)'
    try:
        typst.compile(
            page.encode(),
            format="pdf",
            font_paths=_fonts(),
            ignore_system_fonts=True,
            sys_inputs={"text": text},
            pdf_standards=list(ARCHIVABLE),
        )
    except typst.TypstError:
        return False
    return True
