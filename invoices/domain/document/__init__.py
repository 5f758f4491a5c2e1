"""The PDFs of invoices: requested, typeset in a separate process, stored."""
