"""The example of the activity report in the API's description; docs/reports-api.md prints the same one."""

from typing import Any

from drf_spectacular.utils import OpenApiExample

ACME = {"group": "customer", "value": "ACME", "name": "Acme Flooring"}
VALUE: dict[str, Any] = {
    "question": {
        "query": "show=amount,actions&group=customer,source&columns=month&days=2026-09-01..2026-10-31&channel=webinar",
        "show": [
            {
                "code": "amount",
                "name": "Amount",
                "definition": "exact charges before line rounding, minimums and tax",
            },
            {"code": "actions", "name": "Actions", "definition": "all rated actions, whatever their outcome"},
        ],
        "group": ["customer", "source"],
        "columns": "month",
        "days": {
            "asked": "2026-09-01..2026-10-31",
            "first_day": "2026-09-01",
            "last_day": "2026-10-31",
            "by_time_zone": [],
            "rule": "A day is the date on which an action occurred, or a lead was received, in its customer's time zone.",
        },
        "sort": "",
        "filters": [{"name": "channel", "values": ["webinar"]}],
    },
    "columns": [{"first_day": "2026-10-01", "name": "October 2026"}],
    "currencies": [
        {
            "currency": "USD",
            "rows": [
                {
                    "keys": [ACME, {"group": "source", "value": "web", "name": "Webinars"}],
                    "figures": {"amount": "1.340000", "actions": 4},
                    "cells": [{"column": "2026-10-01", "figures": {"amount": "1.340000", "actions": 4}}],
                }
            ],
            "subtotals": [
                {
                    "keys": [ACME],
                    "figures": {"amount": "1.340000", "actions": 4},
                    "cells": [{"column": "2026-10-01", "figures": {"amount": "1.340000", "actions": 4}}],
                }
            ],
            "total": {
                "keys": [],
                "figures": {"amount": "1.340000", "actions": 4},
                "cells": [{"column": "2026-10-01", "figures": {"amount": "1.340000", "actions": 4}}],
            },
        }
    ],
    "rows": 1,
    "left_out": [],
    "waiting": 0,
    "answered_at": "2026-11-20T12:00:00Z",
    "freshness": None,
}
EXAMPLE = OpenApiExample("By customer and source", value=VALUE, response_only=True)
