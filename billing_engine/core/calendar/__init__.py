"""Half-open spans, billing cycles, wall-clock times, and their formatting."""
