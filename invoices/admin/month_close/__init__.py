"""The page on which finance closes a month."""
