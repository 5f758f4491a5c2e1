"""Online payments: what Stripe told us, what was booked for it, and what needs a person."""
