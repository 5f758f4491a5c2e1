"""Every list of the admin with millions of rows."""
