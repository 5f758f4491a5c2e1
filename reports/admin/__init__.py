"""Pages that read and change nothing."""
