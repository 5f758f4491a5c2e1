"""The pages of webhooks: endpoints, the log of deliveries, and events by email."""
