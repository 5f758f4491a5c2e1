"""What reports write: the files that people asked for."""
