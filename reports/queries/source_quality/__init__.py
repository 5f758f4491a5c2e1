"""How good the leads of each source are: what arrived, what was refused, what its leads were worth."""
