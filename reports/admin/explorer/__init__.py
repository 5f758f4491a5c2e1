"""The explorer's pages: the question as a form, its answer as chart and table, the rows behind each figure."""
