"""The life of an invoice: drafted, approved, issued, voided."""
