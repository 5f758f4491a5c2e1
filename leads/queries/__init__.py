"""Search leads and actions, and read receipts again."""
