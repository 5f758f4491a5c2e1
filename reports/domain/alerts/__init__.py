"""Alerts: the rules that find causes, the pass that opens and resolves alerts, and the people who are told."""
