"""Approvals: one person asks, another sees what changes and what it does, and approves it or sends it back."""
