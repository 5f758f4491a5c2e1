"""Tables as files: CSV and XLSX, written and read."""
