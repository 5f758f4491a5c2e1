"""The buttons that change a customer's terms: one for each owner, so that each role sees what it may change."""

from collections.abc import Callable, Sequence
from typing import Any

from django.http import HttpRequest
from django.utils.timezone import now

from billing_engine.core.admin_kit.dialogs import Done, button, person
from leads.admin.terms.dialogs import changes_in, check_was_seen, outcome, terms_dialog, terms_form
from leads.domain.access.term_owners import CUSTOMER_TERMS, PERMISSION, Owner
from leads.domain.terms.customer_terms import first_free_day, propose, write_terms
from leads.domain.terms.wording import from_in_words
from leads.models import Customer, CustomerTerms
from leads.models.terms import TERMS

OWNED = {owner: tuple(name for name in TERMS if CUSTOMER_TERMS[name] is owner) for owner in Owner}
PRINTED = ("legal_name", "tax_id", "address", "purchase_order", "locale", "detail_annex", "electronic_invoice")
First = Callable[[Customer], dict[str, Any]]
PAYMENT = tuple(name for name in OWNED[Owner.FINANCE] if name not in PRINTED)


def first_answers(customer: Customer) -> dict[str, Any]:
    """What a dialog shows at first: the first day that no action is billed by, and the terms of that day."""
    day = first_free_day(customer)
    return {"first_day": day, **customer.terms.on(day).values()}


def first_answers_today(customer: Customer) -> dict[str, Any]:
    """The same for terms of the day of issue: they usually change today."""
    return {"first_day": customer.today, **customer.terms.on(customer.today).values()}


def _write(
    request: HttpRequest,
    customer: Customer,
    answers: dict[str, Any],
    names: Sequence[str],
    first: First = first_answers,
) -> Done:
    given = {
        "changes": changes_in(answers, first(customer), names),
        "first_day": answers["first_day"],
        "reason": answers["reason"],
        "by": person(request),
        "at": now(),
    }
    check_was_seen(propose(customer, **given), answers["seen"])
    revision = write_terms(customer, **given)
    return Done(outcome(revision, since=from_in_words(revision.first_day)))


class TermButtons:
    """What can be changed about a customer's terms."""

    @button(
        "Change contract",
        permission=PERMISSION[Owner.BOTH],
        icon="contract_edit",
        asks=terms_dialog(
            lambda customer: f"Change contract, minimum and budget of {customer}?",
            terms_form(CustomerTerms, OWNED[Owner.BOTH]),
            first_answers,
            "Finance and operations agree on these, so a person of the other role has to approve the change.",
        ),
    )
    def change_commitments(self, request: HttpRequest, customer: Customer, answers: dict[str, Any]) -> Done:
        return _write(request, customer, answers, OWNED[Owner.BOTH])

    @button(
        "Change payment",
        permission=PERMISSION[Owner.FINANCE],
        icon="payments",
        asks=terms_dialog(
            lambda customer: f"Change payment, taxes and contacts of {customer}?",
            terms_form(CustomerTerms, PAYMENT),
            first_answers,
            "A second person has to approve another seller, other contacts, and taxes of periods that have actions."
            " An invoice is sent to the contacts of its day of issue.",
        ),
    )
    def change_payment(self, request: HttpRequest, customer: Customer, answers: dict[str, Any]) -> Done:
        return _write(request, customer, answers, PAYMENT)

    @button(
        "Change invoice details",
        permission=PERMISSION[Owner.FINANCE],
        icon="contact_mail",
        asks=terms_dialog(
            lambda customer: f"Change what invoices of {customer} say?",
            terms_form(CustomerTerms, PRINTED),
            first_answers_today,
            "Name, address, tax ID and PO number are those of the day of issue. Issued invoices stay as they are.",
        ),
    )
    def change_invoice_details(self, request: HttpRequest, customer: Customer, answers: dict[str, Any]) -> Done:
        return _write(request, customer, answers, PRINTED, first_answers_today)

    @button(
        "Change exclusions",
        permission=PERMISSION[Owner.OPERATIONS],
        icon="domain_disabled",
        asks=terms_dialog(
            lambda customer: f"Change the excluded domains of {customer}?",
            terms_form(CustomerTerms, OWNED[Owner.OPERATIONS]),
            first_answers,
            "A second person has to approve a change that touches periods that have actions.",
        ),
    )
    def change_exclusions(self, request: HttpRequest, customer: Customer, answers: dict[str, Any]) -> Done:
        return _write(request, customer, answers, OWNED[Owner.OPERATIONS])
