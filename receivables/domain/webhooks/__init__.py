"""Tell other systems and people what happened: events, deliveries to endpoints, and emails."""
