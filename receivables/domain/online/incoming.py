"""Payments: from a checkout session to the ledger, with what it settles."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from billing_engine.core import money
from billing_engine.core.deeds.record import record
from leads.models import Customer
from receivables.domain.ledger.allocations import match
from receivables.domain.ledger.post import Account, Way, post
from receivables.domain.online.effect import ALREADY, Effect, NotPlaced, Run
from receivables.domain.online.told import NotUnderstood, Told
from receivables.domain.payments.posting_day import check_day
from receivables.domain.payments.record import PAYMENT_RECORDED, Received, details_of, owed, payment_of, plan, told
from receivables.models import CheckoutSession, OnlineMovement, Payment

State = CheckoutSession.State


def completed(run: Run) -> Effect:
    """The customer went through the page. It is a payment only if it says so: a bank debit comes days later."""
    status = run.told.text("payment_status")
    if status == "paid":
        return succeeded(run)
    session = _session(run.told)
    if status == "unpaid":
        _turn(session, State.PROCESSING, after=(State.OPEN, State.EXPIRED))
        return Effect(words="The bank has not confirmed it yet.")
    raise NotUnderstood(f"The payment status is “{status}”.")


def succeeded(run: Run) -> Effect:
    """Book the payment of a session, once."""
    intent = run.told.subject
    if not intent:
        raise NotUnderstood("The event names no payment.")
    customer = _named(run.told).link.customer
    today = check_day(
        customer.day_of(run.at), customer, at=run.at
    )  # the month is locked before the customer, everywhere
    session = _session(run.told)
    if OnlineMovement.objects.filter(external_id=intent).exists() or session.state == State.PAID:
        return Effect(words=ALREADY)
    received = _received(run, session, on=today)
    document, parts = payment_of(received, session.link.seller_id, by=run.by, at=run.at)
    post([(document, parts)])
    Payment.objects.create(document=document, **details_of(received))
    named = {item.document_id: item for item in session.items.select_related("document").order_by("pk")}
    items = owed(document, [item.document for item in named.values()])
    for item in items:  # what was disputed then was not paid
        item.left = min(item.left, named[item.pk].amount)
    matches = plan(document, items)
    match(matches, on=document.posted_on, at=run.at, person=run.by)
    OnlineMovement.objects.create(
        kind=OnlineMovement.Kind.PAYMENT,
        external_id=intent,
        document=document,
        checkout=session,
        fee=received.way.fee,
    )
    _turn(session, State.PAID, after=tuple(State))
    record(PAYMENT_RECORDED, on=document, by=run.by, also=[document.customer], after=told(document, matches))
    return Effect(document)


def failed(run: Run) -> Effect:
    """The bank refused: the invoices can be paid again."""
    _turn(_session(run.told), State.FAILED, after=(State.OPEN, State.PROCESSING, State.EXPIRED))
    return Effect(words="The bank refused it.")


def expired(run: Run) -> Effect:
    """No one paid."""
    _turn(_session(run.told), State.EXPIRED, after=(State.OPEN,))
    return Effect(words="No one paid in time.")


def _session(told: Told) -> CheckoutSession:
    """The session that the event names, read again once its customer is locked. Raises NotPlaced."""
    Customer.objects.select_for_update(no_key=True).get(pk=_named(told).link.customer_id)
    return _named(told)


def _named(told: Told) -> CheckoutSession:
    try:
        uid = UUID(str(told.object.get("client_reference_id")))
    except ValueError as error:
        raise NotPlaced("It names no checkout session of ours.") from error
    session = CheckoutSession.objects.filter(uid=uid).select_related("link__customer").first()
    if session is None:
        raise NotPlaced("It names no checkout session of ours.")
    return session


def _received(run: Run, session: CheckoutSession, *, on: date) -> Received:
    link, amount = session.link, run.told.amount("amount_total")
    if run.told.currency != link.currency or amount <= 0:
        was = money.in_words(amount, run.told.currency)
        raise NotPlaced(f"It is about {was}, and the session about {money.in_words(session.amount, link.currency)}.")
    return Received(
        customer=link.customer,
        on=on,
        amount=amount,
        reference=run.told.subject,
        currency=link.currency,
        method=Payment.Method.ONLINE,
        way=Way(Account.TRANSIT, run.asked.fee or Decimal(0)),
    )


def _turn(session: CheckoutSession, state: CheckoutSession.State, *, after: tuple[CheckoutSession.State, ...]) -> None:
    CheckoutSession.objects.filter(pk=session.pk, state__in=after).update(state=state)
