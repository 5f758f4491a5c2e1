"""What a question means in the database: its days and filters, and the SQL that adds up the roll-up."""
