"""Typeset PDFs with Typst, each in a separate process with limited time and memory."""
