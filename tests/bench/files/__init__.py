"""Files of leads: CSV, workbooks and JSON."""
