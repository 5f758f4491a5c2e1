"""What staff do about the portal: see it as a customer, invite people, show lead contacts, and preview emails."""

from portal.admin import contacts, email_previews, lens, people

__all__ = ["contacts", "email_previews", "lens", "people"]
