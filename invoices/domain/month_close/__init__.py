"""The close of a month: lock, bulk actions, close."""
