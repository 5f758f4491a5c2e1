"""Price files: the same rating over files, without a database."""
