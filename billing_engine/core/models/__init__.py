"""What the base layer stores."""

from billing_engine.core.models.approval import ApprovalRequest
from billing_engine.core.models.deed import Deed

__all__ = ["ApprovalRequest", "Deed"]
