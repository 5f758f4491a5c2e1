"""Find, export, erase and let go of people's data."""
