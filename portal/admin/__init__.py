"""What staff do about the portal: look at it as a customer sees it, invite customers' people, and preview their emails."""

from portal.admin import email_previews, lens, people

__all__ = ["email_previews", "lens", "people"]
