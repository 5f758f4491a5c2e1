"""Files from banks: read, matched with what is open, confirmed by a person, and undone."""
