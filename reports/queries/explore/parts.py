"""A question in parts, in the order of its file, so that the first rows of a long file need not wait for the last.

Rows are sorted by the question's first dimension, and the roll-up is found by its customer. So if that dimension is the
customer, or the product of one, the rows of some customers or products are added up, sorted and written before the next.
"""

from collections.abc import Iterator
from dataclasses import replace

from billing_engine.core.read_replica import rows_of
from reports.queries.explore.answer import is_by_currency
from reports.queries.explore.asked.scope import Scope

FEW, MANY, GROWTH = 16, 1_024, 4  # customers or products: of the first part, of the longest, and from one to the next
KEYS = {
    "customer": "SELECT key.id, key.id FROM leads_customer key JOIN leads_customer customer ON customer.id = key.id",
    "product": "SELECT key.id, customer.id FROM leads_product key JOIN leads_customer customer ON customer.id = key.customer_id",
}


def parts_of(scope: Scope) -> Iterator[Scope]:
    """The question itself, or its parts in turn, each with all its rows before those of the next."""
    question = scope.question
    first = question.dimensions[0].code if question.dimensions else ""
    if first not in KEYS or any(measure.counts_leads for measure in question.measures):  # leads are found by their day
        yield scope
        return
    keys, begin, size = _keys(scope, first), 0, FEW
    while some := keys[begin : begin + size]:
        customers = sorted({customer for _, customer in some})
        yield replace(scope, chosen={**scope.chosen, "customer": customers, first: sorted(key for key, _ in some)})
        begin, size = begin + size, min(size * GROWTH, MANY)


def _keys(scope: Scope, first: str) -> list[tuple[int, int]]:
    """The customers or products that may be in the answer, as a file sorts them, each with its customer."""
    chosen = {name: list(scope.chosen[name]) for name in ("customer", "product") if name in scope.chosen}
    column = {"customer": "customer.id", "product": "key.id"}
    conditions = [f"{column[name]} = ANY(%({name})s)" for name in chosen if name == first or name == "customer"]
    currency = "customer.currency, " if is_by_currency(scope.question) else ""
    statement = f"{KEYS[first]} WHERE {' AND '.join(conditions or ['TRUE'])} ORDER BY {currency}lower(key.name), key.id"
    return [(key, customer) for key, customer in rows_of(statement, chosen)]
