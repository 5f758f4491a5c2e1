"""A spreadsheet of price rules: its columns, its cells read as terms, and the drafts it makes."""
