"""Merged areas hold their value in the first cell only; the others get it, too."""

from collections.abc import Iterable, Sequence

from leads.domain.files.sheets.places import cell_place

Place = tuple[int, int]  # row and column, from 0
Area = tuple[Place, Place]


class MergedAreas:
    """Fills the rows of a sheet as they pass, from the first one on; titles and the header stay as they are."""

    def __init__(self, areas: Iterable[Area], *, header: int) -> None:
        self._header = header  # the row of the header, from 1
        self._coming = sorted(areas, key=lambda area: area[0], reverse=True)
        self._open: list[tuple[Area, str]] = []

    def fill(self, row: int, cells: list[str]) -> list[str]:
        """Return the cells of this row, filled; `row` counts from 0."""
        while self._coming and self._coming[-1][0][0] <= row:
            area = self._coming.pop()
            (top, left), _ = area
            if top == row and row >= self._header:
                self._open.append((area, cells[left] if left < len(cells) else ""))
        if not self._open:
            return cells
        self._open = [each for each in self._open if each[0][1][0] >= row]
        for ((_, left), (_, right)), value in self._open:
            for column in range(left, min(right + 1, len(cells))):
                cells[column] = value
        return cells


def in_words(areas: Sequence[Area], *, header: int, named: int = 5) -> str:
    """Say which areas below the header were filled; empty if none was."""
    inside = [area for area in areas if area[0][0] >= header]
    if not inside:
        return ""
    told = ", ".join(f"{cell_place(*first)}:{cell_place(*last)}" for first, last in inside[:named])
    more = f" and {len(inside) - named:,} more" if len(inside) > named else ""
    return f"Merged cells were filled with the value of their first cell: {told}{more}."
