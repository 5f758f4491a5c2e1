"""Work queues: rows for workers, claimed, settled and swept in the same way for every kind of work."""
