"""The body of a request or a file: unpacked, decoded, and taken apart into items."""
