"""Work queues: rows for a worker, claimed, settled and swept the same way for every kind of work."""
