"""PO numbers that customers ask for in their portal: finance confirms one, which makes it a term, or declines it."""

from datetime import date, datetime, timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.urls import reverse

from billing_engine.core.approvals.kinds import Kind
from billing_engine.core.approvals.requests import ask, close_for
from billing_engine.core.calendar.wording import day_in_words
from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.errors import FieldFault, HasFaults, Refused
from leads.domain.access.term_owners import PERMISSION, Owner
from leads.domain.terms.customer_terms import write_terms
from leads.domain.terms.revise import NothingChanges
from leads.models import Customer, CustomerTerms, PurchaseOrderRequest

ASKED = Verb("purchase_order_asked", "Asked for a PO number")
WITHDRAWN = Verb("purchase_order_withdrawn", "Withdrew the request for a PO number")
CONFIRMED = Verb("purchase_order_confirmed", "Confirmed a PO number")

State = PurchaseOrderRequest.State
LENGTH = CustomerTerms._meta.get_field("purchase_order").max_length or 0
AHEAD = timedelta(days=731)


class PurchaseOrderHasFaults(HasFaults):
    """What was asked for can't be printed, or not from that day on."""

    code = "purchase_order_has_faults"


class NoWaitingPurchaseOrder(Refused):
    """Only a waiting request can be withdrawn."""

    code = "no_waiting_purchase_order"
    message = "No request for a PO number is waiting."


@transaction.atomic
def ask_for_purchase_order(
    customer: Customer, *, number: str, first_day: date | None, by: User, at: datetime
) -> PurchaseOrderRequest:
    """Ask finance to print this PO number on invoices issued from a day on; None is from the next invoice on.

    A waiting request is replaced. Raises PurchaseOrderHasFaults or NothingChanges.
    """
    customer = Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)
    number, today = number.strip(), customer.day_of(at)
    if faults := [*_number_faults(number), *_day_faults(first_day, today)]:
        raise PurchaseOrderHasFaults(faults)
    before = customer.terms.on(first_day or today).purchase_order
    if before == number:
        raise NothingChanges(f"Your PO number is {number} already.")
    if (earlier := waiting_purchase_order(customer)) is not None:
        _withdraw(earlier, by=by, at=at)
    request = PurchaseOrderRequest.objects.create(
        customer=customer, number=number, first_day=first_day, asked_by=by, asked_at=at
    )
    told = {"number": number, "from": first_day}
    record(ASKED, on=request, by=by, after=told, also=[customer])
    ask(
        PURCHASE_ORDER,
        on=request,
        by=by,
        at=at,
        reason="Asked for in the customer's portal.",
        differences=[("PO number", before, number), ("Printed", "", from_in_words(first_day))],
    )
    return request


@transaction.atomic
def withdraw_purchase_order(customer: Customer, *, by: User, at: datetime) -> PurchaseOrderRequest:
    """Withdraw the waiting request. Raises NoWaitingPurchaseOrder."""
    Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)
    request = waiting_purchase_order(customer)
    if request is None:
        raise NoWaitingPurchaseOrder
    return _withdraw(request, by=by, at=at)


def waiting_purchase_order(customer: Customer) -> PurchaseOrderRequest | None:
    """Return the request that finance has not decided yet, if any."""
    return PurchaseOrderRequest.objects.filter(customer=customer, state=State.WAITING).first()


def purchase_orders_of(customer: Customer, *, latest: int = 5) -> list[PurchaseOrderRequest]:
    """Return the latest requests, the newest first."""
    found = PurchaseOrderRequest.objects.filter(customer=customer).select_related("asked_by")
    return list(found.order_by("-pk")[:latest])


def from_in_words(first_day: date | None) -> str:
    """`on invoices issued from October 1, 2026, on`, or `from the next invoice on`."""
    return f"on invoices issued from {day_in_words(first_day)} on" if first_day else "from the next invoice on"


def _withdraw(request: PurchaseOrderRequest, *, by: User, at: datetime) -> PurchaseOrderRequest:
    _settle(request, State.WITHDRAWN, at=at)
    close_for(request, by=by, at=at)
    record(WITHDRAWN, on=request, by=by, also=[request.customer])
    return request


def _number_faults(number: str) -> list[FieldFault]:
    if not number:
        return [FieldFault("number", "missing", "Enter the PO number.")]
    if len(number) > LENGTH or not number.isprintable():
        words = f"Enter at most {LENGTH} characters, on one line."
        return [FieldFault("number", "bad_purchase_order", words)]
    return []


def _day_faults(first_day: date | None, today: date) -> list[FieldFault]:
    if first_day is None or today <= first_day <= today + AHEAD:
        return []
    return [FieldFault("first_day", "bad_first_day", "Choose a day from today on, within two years.")]


def _confirm(request: PurchaseOrderRequest, by: User, at: datetime, reason: str) -> None:
    """Write the number into the customer's terms, from the day asked for, or from today if that is past."""
    customer = Customer.objects.select_for_update(no_key=True).get(pk=request.customer_id)
    today = customer.day_of(at)
    day = max(request.first_day or today, today)
    changes, also = {"purchase_order": request.number}, list[Customer | CustomerTerms]([customer])
    before = customer.terms.on(day).purchase_order
    if before != request.number:  # otherwise the number was written meanwhile
        also.append(write_terms(customer, changes=changes, first_day=day, reason=reason, by=by, at=at))
    _settle(request, State.CONFIRMED, at=at, printed_from=day)
    record(CONFIRMED, on=request, by=by, before={"number": before}, after={"number": request.number}, also=also)


def _set_aside(request: PurchaseOrderRequest, by: User, at: datetime, words: str) -> None:  # noqa: ARG001 -- as a Kind calls it
    if words:
        _settle(request, State.DECLINED, at=at, answer=words)
    else:
        _settle(request, State.WITHDRAWN, at=at)


def _settle(
    request: PurchaseOrderRequest, state: State, *, at: datetime, answer: str = "", printed_from: date | None = None
) -> None:
    request.state, request.decided_at, request.answer, request.printed_from = state, at, answer, printed_from
    request.save(update_fields=["state", "decided_at", "answer", "printed_from"])


PURCHASE_ORDER = Kind(
    code="purchase_order",
    words="PO number",
    model=PurchaseOrderRequest,
    permission=PERMISSION[Owner.FINANCE],
    written_by=frozenset({ASKED.code}),
    approve=_confirm,
    set_aside=_set_aside,
    page=lambda request: reverse("admin:leads_customer_change", args=[request.customer_id]),
)
