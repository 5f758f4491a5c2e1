"""Online payments: what Stripe told us, what was booked for it, and what waits for a person."""
