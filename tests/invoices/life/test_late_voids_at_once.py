"""Sources void actions while other processes close periods and approve, issue and regenerate drafts."""

import json

import pytest

from invoices.domain.life.late_voids import late_voids_of
from invoices.domain.run.billing_run import start
from invoices.models import Invoice
from leads.models import Action, BillingPeriod, Source
from pricing.domain.audit.prove import prove
from pricing.models import Charge
from reports.queries.sums.invariants import invariants
from tests.factories.leads import ActionTypeFactory, SourceFactory
from tests.factories.people import UserFactory
from tests.invoices.made import NOVEMBER_3, OCTOBER, a_price, an_open_period, received
from tests.processes import at_once, empty_broker

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]
CUSTOMERS, ACTIONS = 8, 12

TAKE_BACK = """
import json
from leads.domain.intake.receive import receive
from leads.models import Source
source = Source.objects.get()
for lead, action in json.loads('''{these}'''):
    item = {{"id": lead, "actions": [{{"id": action, "void": {{"reason": "Cancelled"}}}}]}}
    receipt = receive(source, body=json.dumps(item).encode(), content_type="application/json", received_at=now())
    [result] = receipt.results[0].actions
    assert result.outcome == "updated", result
"""
BILL = """
from invoices.domain.run.billing_run import bill
from invoices.models import BillingRunItem
for item in list(BillingRunItem.objects.order_by("{order}")):
    bill(item.pk, at=now())
"""
# A step that is refused, because of a void or a faster process, is retried later.
DECIDE = """
import time
from django.contrib.auth.models import User
from billing_engine.core.errors import Refused
from invoices.domain.life.transitions import approve, issue
from invoices.domain.life.reopen import regenerate
from invoices.models import BillingRunItem, Invoice
person, deadline = User.objects.get(), time.monotonic() + 30
while time.monotonic() < deadline:
    waiting = BillingRunItem.objects.filter(state="waiting").exists()
    for invoice in list(Invoice.objects.filter(state__in=("draft", "approved")).order_by("{order}")):
        try:
            issue(approve(invoice, by=person, at=now()), by=person, at=now())
        except Refused:
            try:
                regenerate(invoice, by=person, at=now())
            except Refused:
                pass
    if not waiting and not Invoice.objects.filter(state__in=("draft",)).exists():
        break
"""


def test_every_void_is_recorded_and_is_either_excluded_or_to_be_credited() -> None:
    empty_broker()
    a_price()
    ActionTypeFactory.create(code="sample_order")
    source, person = SourceFactory.create(), UserFactory.create()
    for _ in range(CUSTOMERS):
        received(an_open_period(), *range(1, ACTIONS + 1), source=source)
    start(OCTOBER, by=person, at=NOVEMBER_3)
    wanted = [
        [lead, action]
        for lead, action in Action.objects.order_by("external_id").values_list("lead__external_id", "external_id")
    ][::2]
    halves = [TAKE_BACK.format(these=json.dumps(wanted[place::2])) for place in range(2)]

    at_once(*halves, BILL.format(order="pk"), DECIDE.format(order="pk"), DECIDE.format(order="-pk"), seconds=120)

    assert Source.objects.get() == source
    voided = Action.objects.exclude(voided_at=None)
    assert voided.count() == len(wanted)
    after, before = voided.filter(voided_after_close=True), voided.filter(voided_after_close=False)
    assert set(Charge.objects.filter(action__in=before).values_list("reason", flat=True)) <= {"voided"}
    assert Charge.objects.filter(action__in=after).exclude(reason="").count() == 0
    assert not BillingPeriod.objects.open().exists()
    assert sum(late_voids_of(invoice).actions for invoice in Invoice.objects.all()) == after.count()
    assert all(prove(period).holds for period in BillingPeriod.objects.all())
    assert [one.number for one in invariants(OCTOBER) if not one.holds] == []
