"""The places of cells as a spreadsheet shows them: B7."""


def column_letters(number: int) -> str:
    """Return the letters of a column, counted from 0."""
    letters, rest = "", number + 1
    while rest:
        rest, place = divmod(rest - 1, 26)
        letters = chr(ord("A") + place) + letters
    return letters


def column_number(letters: str) -> int:
    """Return the number of a column, counted from 0."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def cell_place(row: int, column: int) -> str:
    """Return the place of a cell whose row and column are counted from 0."""
    return f"{column_letters(column)}{row + 1}"
