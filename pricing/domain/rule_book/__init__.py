"""The life of price rules: drafted, checked, approved, in force."""
