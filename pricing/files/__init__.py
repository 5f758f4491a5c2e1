"""A file in, charges out: the same rating over files, without a database."""
