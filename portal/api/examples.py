"""The examples of the customer API in its description; docs/customer-api.md prints the same ones."""

from typing import Any

from drf_spectacular.utils import OpenApiExample

INVOICE: dict[str, Any] = {}
INVOICE_EXAMPLE = OpenApiExample("An open invoice", value=INVOICE, response_only=True)
CHARGE_EXAMPLE = OPEN_EXAMPLE = DISPUTE_EXAMPLE = INVOICE_EXAMPLE
