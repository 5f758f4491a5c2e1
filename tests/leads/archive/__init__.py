"""Raw bodies in the archive."""
