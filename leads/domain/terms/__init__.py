"""Change what is agreed with a customer, or what invoices say about us: one writer, and a second person where it counts."""
