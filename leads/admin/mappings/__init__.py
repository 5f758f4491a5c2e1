"""The pages of mappings: an editor that tries each change on pasted records, and all revisions."""
