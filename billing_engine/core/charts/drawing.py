"""The parts that a chart is drawn from, as SVG: bars, rules, words and links, everything escaped."""

from dataclasses import dataclass, field
from decimal import Decimal
from html import escape as escaped
from unicodedata import category, east_asian_width

from billing_engine.core.charts.role import GROUND, HAIR, LITERAL, QUIET, TEXT, Role

LETTER = Decimal(12)
LINE = Decimal(18)
LEAST, MOST = Decimal("0.85"), Decimal("1.5")  # of its own width, on a page
FAMILY = "Inter, 'Noto Sans', sans-serif"
NARROW = frozenset("iljtfrI.,:;'|!()[] ·-")
NOT_IN_XML = frozenset({"Cc", "Cs", "Cn"})  # control characters, halves of characters, and none at all
WORDS = {"quiet": QUIET, "text": TEXT}


class Svg(str):
    """A drawing as text, which a template writes as it is."""

    __slots__ = ()

    def __html__(self) -> "Svg":
        """Say to Django that it is escaped."""
        return self


@dataclass
class Drawing:
    """A view box and what was drawn in it; with `literal`, colors are in the drawing itself."""

    width: Decimal
    height: Decimal
    literal: bool
    look: str = "chart-drawing"  # its class; Unfold takes `.chart` for a canvas of its own
    parts: list[str] = field(default_factory=list)
    linked: bool = False

    def bar(self, box: tuple[Decimal, Decimal, Decimal, Decimal], role: Role, *, title: str, address: str = "") -> None:
        """Draw a rectangle (x, y, width, height) that says what it is."""
        x, y, width, height = map(number, box)
        drawn = f'<rect x="{x}" y="{y}" width="{width}" height="{height}" {self._fill(role)}>{_title(title)}</rect>'
        self.parts.append(self._link(drawn, address, title))

    def shape(self, path: str, role: Role, *, kind: str) -> None:
        """Draw a path: a `line`, a `dashed` line, or a `band` behind one."""
        if self.literal:
            color = LITERAL[role]
            dashes = ' stroke-dasharray="4 4"' if kind == "dashed" else ""
            line = f'fill="none" stroke="{color}" stroke-width="2"{dashes}'
            look = f'fill="{color}" fill-opacity="0.18"' if kind == "band" else line
        else:
            look = f'class="chart-{kind} chart-{role}"'
        self.parts.append(f'<path d="{path}" {look}/>')

    def rule(self, start: tuple[Decimal, Decimal], end: tuple[Decimal, Decimal], *, base: bool = False) -> None:
        """Draw a hair line, or the stronger one of zero."""
        look = "chart-base" if base else "chart-rule"
        paint = f'stroke="{QUIET if base else HAIR}"' if self.literal else f'class="{look}"'
        (x1, y1), (x2, y2) = (map(number, place) for place in (start, end))
        self.parts.append(f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" {paint}/>')

    def words(
        self,
        place: tuple[Decimal, Decimal],
        text: str,
        *,
        look: str = "quiet",
        anchor: str = "start",
        whole: str = "",
        address: str = "",
    ) -> None:
        """Write words from, around or up to a place; `whole` is what was cut, shown on hover."""
        paint = f'fill="{WORDS[look]}"' if self.literal else f'class="chart-{look}"'
        x, y = map(number, place)
        drawn = f'<text x="{x}" y="{y}" text-anchor="{anchor}" {paint}>{_title(whole)}{escape(text)}</text>'
        self.parts.append(self._link(drawn, address, whole or text))

    def swatch(self, place: tuple[Decimal, Decimal], role: Role) -> None:
        """Draw the small square of a legend."""
        x, y = map(number, place)
        self.parts.append(f'<rect x="{x}" y="{y}" width="10" height="10" rx="2" {self._fill(role)}/>')

    def finished(self, title: str, description: str) -> Svg:
        """Return the drawing with its name and its description; with links in it, it is a group rather than an image."""
        width, height = number(self.width), number(self.height)
        role = "group" if self.linked else "img"
        look = f'width="{width}" height="{height}"' if self.literal else self._sized()
        ground = f'<rect width="{width}" height="{height}" fill="{GROUND}"/>' if self.literal else ""
        return Svg(
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" {look} role="{role}"'
            f' aria-label="{escape(title)}" font-family="{FAMILY}" font-size="{number(LETTER)}">'
            f"{_title(title)}<desc>{escape(description)}</desc>{ground}{''.join(self.parts)}</svg>"
        )

    def _sized(self) -> str:
        """Let the drawing fill its place, as far as its letters stay neither too small nor too large to read."""
        least, most = number(self.width * LEAST), number(self.width * MOST)
        return f'class="{self.look}" style="min-width:{least}px;max-width:{most}px"'

    def _fill(self, role: Role) -> str:
        return f'fill="{LITERAL[role]}"' if self.literal else f'class="chart-{role}"'

    def _link(self, drawn: str, address: str, name: str) -> str:
        if not address or self.literal:  # a picture in an email has no links
            return drawn
        self.linked = True
        return f'<a href="{escape(address)}" aria-label="{escape(name)}">{drawn}</a>'


def number(value: Decimal) -> str:
    """Write a place or length with at most two decimal places: `12.5`."""
    written = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if written == "-0" else written


def width_of(text: str) -> Decimal:
    """Return about how wide the text is, rather too much than too little: fonts differ, and none is known here."""
    return sum((_width(sign) for sign in text), Decimal(0))


def escape(text: str) -> str:
    """Return the text for an element or attribute; characters that XML cannot hold are replaced."""
    return escaped("".join("\N{REPLACEMENT CHARACTER}" if category(sign) in NOT_IN_XML else sign for sign in text))


def cut(text: str, room: Decimal) -> str:
    """Return the text, or its beginning and an ellipsis if the room is too small."""
    if width_of(text) <= room:
        return text
    kept = text
    while kept and width_of(kept) + LETTER > room:
        kept = kept[:-1]
    return kept.rstrip() + "…"


def _width(sign: str) -> Decimal:
    if east_asian_width(sign) in "WF":
        return LETTER
    if category(sign) == "Mn":
        return Decimal(0)
    if sign in NARROW:
        return Decimal("3.9")
    return Decimal("8.2") if sign.isupper() or sign.isdigit() or sign in "mw$€£¥%+−" else Decimal("7.2")


def _title(text: str) -> str:
    return f"<title>{escape(text)}</title>" if text else ""
