"""What we no longer expect to be paid: a document of today, above a sum with a second person."""
