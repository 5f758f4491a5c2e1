"""A person's data: find it, export it, erase it, and let go of it once its time is over."""
