"""What staff do about the portal: look at it as a customer sees it, invite customers' people, and show them lead contacts."""

from portal.admin import contacts, lens, people

__all__ = ["contacts", "lens", "people"]
