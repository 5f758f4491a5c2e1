"""What reports decide and write: what can be asked, and the files that people asked for."""
