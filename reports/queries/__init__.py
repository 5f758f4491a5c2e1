"""Questions to the database, each answered in one query."""
