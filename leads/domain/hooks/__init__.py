"""Webhooks of ready-made senders: each kind is one file that knows how its sender signs and what it sends."""
