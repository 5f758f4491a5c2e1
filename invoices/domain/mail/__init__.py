"""Issued invoices go out by e-mail: asked for, claimed, handed over, tried again, on record."""
