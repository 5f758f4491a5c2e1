"""Rows for tests: each factory makes one that is valid and as plain as can be."""
