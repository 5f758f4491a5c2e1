"""The pages of inbound webhooks."""
