"""Read files of leads in parts: JSON, NDJSON and CSV; however messy a file is, nothing in it is lost."""
