"""The pages of receivables."""

from receivables.admin.reminders import level_admin, pause_admin, preview, reminder_admin, run_admin
from receivables.admin.webhooks import by_email, delivery_admin, endpoint_admin

__all__ = [
    "by_email",
    "delivery_admin",
    "endpoint_admin",
    "level_admin",
    "pause_admin",
    "preview",
    "reminder_admin",
    "run_admin",
]
