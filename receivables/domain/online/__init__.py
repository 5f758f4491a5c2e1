"""Pay online: links for customers, checkout sessions at Stripe, and what Stripe tells us, booked once."""
