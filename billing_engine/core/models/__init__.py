"""What the base layer stores."""

from billing_engine.core.models.approval import ApprovalRequest
from billing_engine.core.models.deed import Deed
from billing_engine.core.models.list_columns import ListColumns

__all__ = ["ApprovalRequest", "Deed", "ListColumns"]
