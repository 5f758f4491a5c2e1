"""Half-open spans, billing cycles, wall-clock times, and how they read."""
