"""The examples of the customer API in its description; docs/customer-api.md prints the same ones."""

from typing import Any

from drf_spectacular.utils import OpenApiExample

INVOICE_ID, LINE_ID, CHARGE_ID = "nOl9pr6LZjRE7x0MHBfAzQ", "TA3ohrIPXvRWgFLoyV-Kug", "2I6oY-Qy5X0-AGsj4ru-OQ"
DISPUTE_ID = "EnEIBRtkNgACKczu-9Fhxg"

INVOICE: dict[str, Any] = {
    "invoice": INVOICE_ID,
    "number": "INV-2026-000001",
    "state": "open",
    "period": "October 2026",
    "first_day": "2026-10-01",
    "last_day": "2026-10-31",
    "time_zone": "America/Chicago",
    "issued_on": "2026-11-03",
    "due_on": "2026-12-03",
    "purchase_order": "",
    "currency": "USD",
    "subtotal": "17.50",
    "tax": "0.00",
    "total": "17.50",
    "credited": "0.00",
    "paid": "0.00",
    "open": "17.50",
    "disputed": "0.00",
    "to_pay": "17.50",
    "replaces": None,
    "replaced_by": None,
}
WHOLE_INVOICE: dict[str, Any] = INVOICE | {
    "taxes": [],
    "tax_exempt_reason": "",
    "credit_notes": [],
    "disputable": [{"reason": "duplicate", "last_day": "2026-12-03"}],
    "has_proof": False,
}
CHARGE: dict[str, Any] = {
    "charge": CHARGE_ID,
    "action": "A-1",
    "action_type": "Sample order",
    "lead": "L-88231",
    "contact": "m•••@studio-arden.example",
    "source": "Website",
    "product": "Oak veneer",
    "sku": "TILE-9",
    "occurred_at": "2026-10-15T07:00:00-05:00",
    "quantity": "3.000000",
    "unit": "sample",
    "reason": "",
    "reason_name": "",
    "full_amount": "7.500000",
    "cuts": [],
    "exact_amount": "7.500000",
    "amount": "7.50",
    "dispute": None,
    "line": LINE_ID,
    "invoice": INVOICE_ID,
    "why": {
        "sentence": "A sample costs $2.50.",
        "steps": [{"what": "3 samples", "how": "3 × $2.50", "amount": "$7.50"}],
        "ladder": [],
        "limits": [],
        "left": "No limit was reached.",
        "price": "$2.50 each",
        "since": "January 1, 2020",
        "paid_by": None,
    },
}
OPEN = {"charges": [CHARGE_ID], "reason": "duplicate", "words": "The same person twice."}
DISPUTE: dict[str, Any] = {
    "dispute": DISPUTE_ID,
    "number": "DSP-2026-0015",
    "state": "open",
    "reason": "duplicate",
    "reason_name": "Duplicate",
    "invoice": INVOICE_ID,
    "period": "October 2026",
    "currency": "USD",
    "amount": "7.50",
    "tax": "0.00",
    "total": "7.50",
    "opened_at": "2026-11-10T06:00:00-06:00",
    "contact": "ap@northlight.example",
    "decide_by": "2026-11-24",
    "decided_at": None,
    "steps": [
        {
            "kind": "opened",
            "at": "2026-11-10T06:00:00-06:00",
            "contact": "ap@northlight.example",
            "words": "The same person twice.",
            "files": [],
        }
    ],
    "charge_count": 1,
    "charges": [
        {
            "charge": CHARGE_ID,
            "contact": "m•••@studio-arden.example",
            "occurred_at": "2026-10-15T07:00:00-05:00",
            "amount": "7.50",
            "is_accepted": None,
        }
    ],
}

INVOICE_EXAMPLE = OpenApiExample("An open invoice", value=WHOLE_INVOICE, response_only=True)
CHARGE_EXAMPLE = OpenApiExample("A charge by the unit", value=CHARGE, response_only=True)
OPEN_EXAMPLE = OpenApiExample("One charge", value=OPEN, request_only=True)
DISPUTE_EXAMPLE = OpenApiExample("As it was opened", value=DISPUTE, response_only=True)
