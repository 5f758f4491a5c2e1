"""A page that shows everything of one row: figures and cards that each app adds, for the people who may see them."""
