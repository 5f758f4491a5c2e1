"""How sources prove themselves: API keys and signing secrets, each shown once, rotated with an overlap, revoked at once."""
