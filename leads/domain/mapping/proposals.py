"""Propose a mapping from the columns of a table: what a column is called says what it probably holds.

A proposal is only a start, which a person checks. How dates are written is never guessed: a format is proposed only if it
is the only one that all values fit.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from leads.domain.mapping.language.dates import fitting_formats
from leads.domain.mapping.language.expressions import quoted
from leads.domain.mapping.language.texts import as_code

# What columns are called, by field, as codes; the first that matches is taken.
NAMES = {
    "id": r"id|lead_?id|prospect_?id|record_?id|reference|number|badge|lead_?number",
    "product.sku": r"sku|product_?sku|product_?id|product_?code|article|product",
    "product.customer": r"customer|customer_?code|advertiser|account|client",
    "contact.name": r"name|full_?name|contact|contact_?name|person",
    "contact.email": r"e_?mail|e_?mail_?address|mail|user_?email",
    "contact.phone": r"phone|phone_?number|telephone|tel|mobile|cell|mobile_?number",
    "contact.firm": r"company|company_?name|firm|organi[sz]ation|employer",
    "contact.country": r"country|country_?code",
    "contact.region": r"region|state|city|province|postal_?code|zip",
    "campaign": r"campaign|campaign_?name|utm_?campaign",
}
OF_ACTION = {
    "type": r"type|action|action_?type|event|event_?type|event_?name|activity|kind",
    "occurred_at": r".*date.*|.*time.*|timestamp|occurred_?at|created_?at|when|.*_at|.*_on|day|met",
    "quantity": r"quantity|qty|count|amount|units|samples",
    "value": r"value|price|total|revenue|deal_?value",
}


class Proposal(NamedTuple):
    """A document to start from, and what a person has to decide."""

    document: dict[str, Any]
    questions: list[str]


def proposed(records: Sequence[Mapping[str, Any]]) -> Proposal:
    """Propose a mapping for records of a table, or the top-level members of JSON objects."""
    columns = list(dict.fromkeys(name for record in records for name in record))
    lead, action = _named(columns, NAMES), _named(columns, OF_ACTION)
    questions = list[str]()
    fields: dict[str, Any] = {name: quoted([column]) for name, column in lead.items()}
    if "id" not in fields:
        fields["id"] = ""
        questions.append("No column looks like the ID of a lead. Choose one.")
    when = action.get("occurred_at")
    if when is None and "type" not in action:
        return Proposal({"fields": fields}, questions)
    made: dict[str, Any] = {name: quoted([column]) for name, column in action.items() if name != "occurred_at"}
    made["id"] = {"constant": "1"}
    made.setdefault("type", "")
    made["occurred_at"] = _time(when, records, questions) if when else ""
    return Proposal({"fields": fields, "actions": [{"fields": made}]}, questions)


def _time(column: str, records: Sequence[Mapping[str, Any]], questions: list[str]) -> Any:
    given = [value for record in records if isinstance(value := record.get(column), str)]
    fitting = fitting_formats(given)
    if len(fitting) == 1:
        return {"from": quoted([column]), "date": fitting[0]}
    if fitting:
        words = " and ".join(form.replace("_", " ") for form in fitting)
        questions.append(f"The dates of {column} fit {words}. Ask the sender, then choose the format.")
    else:
        questions.append(f"How are the dates of {column} written? Choose the format.")
    return quoted([column])


def _named(columns: Sequence[str], names: Mapping[str, str]) -> dict[str, str]:
    """Return the column for each field; each column once, and the best-known names first."""
    found: dict[str, str] = {}
    for field, pattern in names.items():
        column = next(
            (each for each in columns if re.fullmatch(pattern, as_code(each)) and each not in found.values()), ""
        )
        if column:
            found[field] = column
    return found
