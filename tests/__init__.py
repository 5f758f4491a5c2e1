"""Rules of the business, held by tests on the real database."""
