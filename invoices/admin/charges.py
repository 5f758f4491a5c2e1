"""The link from a charge's page to its invoice line; the pricing app does not know about invoices."""

from billing_engine.core.admin_kit.cells import link
from billing_engine.core.admin_kit.columns import column
from invoices.domain.lines.detail import line_of
from invoices.models import InvoiceLine
from pricing.admin.charges import ChargeAdmin


def line_link(line: InvoiceLine) -> str:
    """Link to a line as `INV-2026-000017, line 3`."""
    return link(line, f"{line.invoice}, line {line.position}")


ChargeAdmin.extend(
    "shown_line", column(line_link, line_of, title="invoice line", empty="Not billed yet"), beside="shown_period"
)
