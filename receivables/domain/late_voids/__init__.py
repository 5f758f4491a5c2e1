"""Actions that were voided after they were billed settle themselves: by a credit note, or by a line on the next invoice."""
