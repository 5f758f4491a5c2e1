"""Webhooks of ready-made senders: their addresses, what a call brings, and what is fetched from a sender afterward."""
