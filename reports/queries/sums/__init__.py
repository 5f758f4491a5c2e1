"""The invariants of the product, recounted from the rows."""
