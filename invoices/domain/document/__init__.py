"""The PDFs of invoices: asked for, typeset in a process of their own, kept."""
