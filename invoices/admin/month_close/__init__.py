"""The page where finance closes a month."""
