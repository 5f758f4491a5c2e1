"""Tables as CSV, as the floor writes them."""

from billing_engine.core.exports import Cell, csv_response, lines_of, safe

__all__ = ["Cell", "csv_response", "lines_of", "safe"]
