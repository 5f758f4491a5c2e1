"""The portal of a customer with a million charges, and the proof of one of its months."""
