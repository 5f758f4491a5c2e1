"""Pages of alerts: the list of causes, and what a person wants to hear of."""
