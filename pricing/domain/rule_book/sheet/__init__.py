"""Import and export price rules as a spreadsheet: its columns, its cells, and the drafts it creates."""
