"""Money that customers pay, and that is refunded or returned: each a document with its day, never an edit."""
