"""Finance's pages of what customers owe."""

from receivables.admin.disputes import dispute_admin, figures_page, line_links, open_page, reason_admin

__all__ = ["dispute_admin", "figures_page", "line_links", "open_page", "reason_admin"]
