"""Building blocks for admin pages: pages, cells, columns, dialogs, filters, fields."""
