"""Compare the current charges of periods with those that other rules, terms or facts would make."""
