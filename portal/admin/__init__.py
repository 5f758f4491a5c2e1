"""What staff do about the portal: look at it as a customer sees it, and invite customers' people."""

from portal.admin import lens, people

__all__ = ["lens", "people"]
