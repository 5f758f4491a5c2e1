"""Try drafts on past periods."""
