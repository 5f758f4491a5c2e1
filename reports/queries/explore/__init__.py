"""Answers of the explorer: sums of the roll-up by any grouping, the invoices at their foot, and the rows behind a figure."""
