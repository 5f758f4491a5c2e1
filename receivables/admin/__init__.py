"""The pages of receivables."""

from receivables.admin.webhooks import by_email, delivery_admin, endpoint_admin

__all__ = ["by_email", "delivery_admin", "endpoint_admin"]
