"""The bounds of a workbook, and why one is refused; imported by the process that reads it, so without Django."""

UNPACKED_BYTES = 1024**3
COLUMNS = 2_000
FAULTS = 100_000  # cells without a usable value that are named one by one
MERGED = 100_000  # merged areas
MEMORY_BYTES = 2 * 1024**3  # half a million rows of eight columns take 0.4 GiB
SECONDS = 300
ROWS_LOOKED_AT = 1_000
REFUSED = 3  # the exit code of the process, which then has written why

CELL_ERROR = "cell_error"
FORMULA_WITHOUT_VALUE = "formula_without_value"
NUMBER_DAMAGED = "number_damaged"
OF_CELLS = (CELL_ERROR, FORMULA_WITHOUT_VALUE, NUMBER_DAMAGED)


class SheetRefused(Exception):
    """The workbook can't be read, in words that follow the name of the file."""
