"""Files of leads, read in parts: JSON, NDJSON and tables of text (CSV), whatever their dirt; nothing in them is lost."""
