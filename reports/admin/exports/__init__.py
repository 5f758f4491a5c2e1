"""Files of reports: sent at once if they are short, or written by a worker and listed on a page of one's own."""
