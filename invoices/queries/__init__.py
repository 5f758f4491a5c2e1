"""Finance's figures about a month."""
