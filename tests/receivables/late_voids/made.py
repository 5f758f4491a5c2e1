"""Actions that are voided after billing, and the later draft that may carry their credit."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import connection

from billing_engine.core.calendar.spans import Month
from invoices.domain.life.close import close
from invoices.models import Invoice
from leads.domain.voiding import Void, void, void_all
from leads.models import Action, Customer
from receivables.domain.late_voids.settling import VOID_CREDITS
from receivables.domain.late_voids.terms import set_terms
from receivables.models import VoidTerms
from tests.factories.leads import BillingPeriodFactory
from tests.factories.people import UserFactory
from tests.invoices.made import NOVEMBER_3, a_price, an_open_period, billed, issued, received
from tests.receivables.credit_notes.made import NOVEMBER_5, VAT, why

DECEMBER_2 = datetime.fromisoformat("2026-12-02T12:00:00Z")


def an_invoice(by: User, *quantities: int, **customer: Any) -> Invoice:
    """October, issued: an action per quantity at 0.333 each, with a tax of 20%."""
    why("voided_action")
    a_price("0.333")
    period = an_open_period(**{"taxes": [VAT]} | customer)
    received(period, *(quantities or (3, 5, 7, 11)))
    return issued(billed(period), by)


def the_next_draft(customer: Customer, *quantities: int) -> Invoice:
    """November, drafted on the second of December."""
    period = BillingPeriodFactory.create(customer=customer, month=Month(2026, 11))
    received(period, *(quantities or (100,)), at=NOVEMBER_5)
    draft = close(period, at=DECEMBER_2)
    assert draft is not None
    return draft


def as_lines(customer: Customer, by: User, *, at: datetime = NOVEMBER_3, days: int = 45) -> VoidTerms:
    """Late voids of this customer become credit lines from then on."""
    return set_terms(customer, way="line", wait_days=days, reason="Asked for one paper a month.", by=by, at=at)


def voided(invoice: Invoice, *quantities: int, by: User | None = None, at: datetime = NOVEMBER_5) -> list[Action]:
    """The actions of these quantities, voided by a person, by default one outside finance."""
    actions = list(Action.objects.filter(period=invoice.period, quantity__in=quantities).order_by("pk"))
    for action in actions:
        void(action, reason="Order canceled", by=by or UserFactory.create(), at=at)
    return actions


def voided_by_source(invoice: Invoice, *quantities: int, at: datetime = NOVEMBER_5) -> None:
    """The same, voided by their source."""
    actions = Action.objects.filter(period=invoice.period, quantity__in=quantities)
    void_all([Void(each.lead_id, each.external_id, "Order canceled") for each in actions], at=at)


def swept(at: datetime = NOVEMBER_5 + timedelta(minutes=1)) -> int:
    """Let the sweep find what is due, and a worker do it; return the number of messages."""
    VOID_CREDITS.tidy(at=at)
    messages: Any = VOID_CREDITS.due(at=at)
    for message in messages:
        VOID_CREDITS.work(message["item_ids"], at=at)
    with connection.cursor() as cursor:  # the checks of the end of the transaction
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    return len(messages)
