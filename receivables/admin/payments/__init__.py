"""The pages of payments and write-offs."""
