"""Look at the bytes of a file, never at its name: what it is, how it is encoded, and what its columns are."""
