"""The language of mappings, in pure code: what a document says, and how it converts a record to leads."""
