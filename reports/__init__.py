"""Reports across all apps, and the files that people asked for."""
