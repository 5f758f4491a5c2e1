"""Activity: the explorer of reports in the customer's hands."""
