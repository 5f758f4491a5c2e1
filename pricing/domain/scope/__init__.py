"""Which actions a rule can price, and how rules relate to one another: scope, days in force, gaps, overlaps."""
