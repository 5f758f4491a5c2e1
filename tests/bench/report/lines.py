"""The rows of a bench's table: what is measured, what it is compared with, and the aim."""

from dataclasses import dataclass, field
from typing import Literal

Compared = Literal["", "floor", "usual"]


@dataclass(frozen=True)
class Line:
    """One row: its ratio is ours divided by the floor or by the usual way; without one, the aim is for ours itself."""

    work: str
    unit: str
    compared: Compared = ""
    at_least: float | None = None
    at_most: float | None = None
    of: str = ""  # what the ratio is of, if it is of neither a floor nor the usual way

    @property
    def aim(self) -> str:
        """The aim in words; "" if there is none."""
        unit = "" if self.compared else f" {self.unit}"
        if self.at_least is not None and self.at_most is not None:
            return f"{self.at_least:g} to {self.at_most:g}{unit}"
        if self.at_least is not None:
            return f"≥ {self.at_least:,g}{unit}" if self.at_least < 1_000 else f"≥ {self.at_least:,.0f}{unit}"
        return "" if self.at_most is None else f"≤ {self.at_most:,g}{unit}"


@dataclass(frozen=True)
class Measured:
    """The values of one row, all in its unit."""

    ours: float
    floor: float | None = None
    usual: float | None = None


@dataclass
class Outcome:
    """What a bench measured: its size in words, a value for each of its lines, and what explains them."""

    size: str
    measured: dict[str, Measured] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Row:
    """A line with its values."""

    line: Line
    found: Measured

    @property
    def ratio(self) -> float | None:
        compared = {"": None, "floor": self.found.floor, "usual": self.found.usual}[self.line.compared]
        return self.found.ours / compared if compared else None

    @property
    def is_missed(self) -> bool:
        value = self.ratio if self.line.compared else self.found.ours
        low, high = self.line.at_least, self.line.at_most
        if value is None:
            return False
        return (low is not None and value < low) or (high is not None and value > high)

    def cells(self) -> tuple[str, ...]:
        """Work, floor, ours, usual way, ratio, aim."""
        of = self.line.of or _OF[self.line.compared]
        ratio = "" if self.ratio is None else f"{shown(self.ratio)} {of}"
        verdict = f"{self.line.aim}: {'MISSED' if self.is_missed else 'held'}" if self.line.aim else ""
        floor, usual = (
            "" if value is None else f"{shown(value)} {self.line.unit}"
            for value in (self.found.floor, self.found.usual)
        )
        return self.line.work, floor, f"{shown(self.found.ours)} {self.line.unit}", usual, ratio, verdict


_OF = {"floor": "of the floor", "usual": "× the usual way", "": ""}
HEADS = ("Work", "Floor", "Ours", "Usual way", "Ratio", "Aim")


def shown(value: float) -> str:
    """Three significant digits, without decimals from a hundred on."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}" if abs(value) >= 0.1 else f"{value:.3f}"


def rows_of(lines: tuple[Line, ...], outcome: Outcome) -> list[Row]:
    """The lines in their order with their values; refuses a bench that measured other lines than it declares."""
    declared, measured = [line.work for line in lines], list(outcome.measured)
    if set(declared) != set(measured):
        raise RuntimeError(f"Declared and measured differ: {sorted(set(declared) ^ set(measured))}")
    return [Row(line, outcome.measured[line.work]) for line in lines]
