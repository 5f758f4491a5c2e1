"""Ready-made mappings: one JSON document per kind of record, to start from."""
