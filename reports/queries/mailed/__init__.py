"""A saved report as an email: the same question as on the page, in words, as a small table, a chart and a file."""
