"""Pages about sources: the ranking of all of them, and the health and worth of one."""
