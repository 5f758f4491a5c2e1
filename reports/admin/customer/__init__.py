"""What reports show on the page of a customer: its days, its prices, and the forecast of its month."""
