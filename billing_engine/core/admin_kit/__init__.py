"""The kit every admin page is built from: pages, cells, columns, dialogs, filters, fields."""
