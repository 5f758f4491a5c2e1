"""The card on a customer's page with the terms that matter every month, and what is about to change."""

from billing_engine.core.admin_kit.overview.parts import Card, card_on
from leads.domain.terms.wording import from_in_words, label_of, value_in_words
from leads.models import Customer, CustomerTerms
from leads.queries.terms import ShownRevision, shown_terms

SHOWN = (
    *("monthly_minimum", "monthly_budget", "payment_terms_days", "taxes", "excluded_domains"),
    *("billing_contacts", "purchase_order", "contract_from", "contract_to"),
)
LEFT_OUT_IF_EMPTY = ("purchase_order", "contract_from", "contract_to")
HINTS = 3


@card_on("leads.customer", place=40, needs=("leads.view_customer",))
def terms_in_force(customer: Customer) -> Card:
    """Return the terms of today, and the next changes."""
    today, currency = customer.today, customer.currency
    revisions = list(customer.terms.select_related("seller"))
    terms, shown = customer.terms.on(today), shown_terms(revisions, today=today, currency=currency)
    values = terms.values()
    hints = [
        *(_hint(each) for each in shown.to_come),
        *(f"{_hint(each)} Waits for approval." for each in shown.waiting),
    ]
    return Card(
        title="Terms in force",
        way="Terms",
        address="#terms",
        more="All terms",
        count=len(shown.to_come) + len(shown.waiting) + len(shown.past) + 1,
        facts=[
            (label_of(CustomerTerms, name), value_in_words(name, values[name], currency=currency))
            for name in SHOWN
            if values[name] or name not in LEFT_OUT_IF_EMPTY
        ],
        hints=hints[:HINTS],
    )


def _hint(each: ShownRevision) -> str:
    since = from_in_words(each.first_day)
    changed = ", ".join(f"{label.lower()} {before} → {after}" for label, before, after in each.changed)
    return f"{since[:1].upper()}{since[1:]}: {changed}."
