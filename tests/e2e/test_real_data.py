"""Real shop sessions over HTTP and a real CRM export by file are billed, with every item accounted for."""

import csv
import json
import re
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from urllib.request import Request, urlopen

import pytest
from django.core.management import call_command
from django.db.models import Count, Sum
from pytest_django.live_server_helper import LiveServer

from billing_engine.core.calendar.spans import Cycle
from invoices.domain.run.billing_run import bill, progress, start
from invoices.models import Invoice
from leads.domain.credentials.api_keys import create_key
from leads.models import Action, ActionType, BillingPeriod, Delivery, Lead, QuarantinedItem, Source
from pricing.domain.rate.rate import rate_waiting
from pricing.models import Charge, PeriodTally
from tests import shared
from tests.e2e.real_data import OTTO_TYPES, X_EDUCATION_MAPPING, otto_leads
from tests.factories.leads import ActionTypeFactory, CustomerFactory, SourceFactory, SourceMappingFactory
from tests.factories.pricing import PriceRuleFactory, graduated

pytestmark = [pytest.mark.django_db(transaction=True), shared.needed]

NOW = datetime(2026, 11, 20, tzinfo=UTC)
# CRM data that has no action type here or doesn't concern the customer.
UNKNOWN = {"unreachable": 93 + 32, "unsubscribed": 61 + 47}
NOT_BILLABLE = {"modified": 3407, "email_bounced": 326 + 60}


def test_otto_sessions_over_http_are_stored_once_and_billed_to_the_last_event(live_server: LiveServer):
    CustomerFactory.create(code="OTTO", currency="EUR", time_zone="Europe/Berlin")
    for code in OTTO_TYPES:
        ActionTypeFactory.create(code=code, name=code)
    PriceRuleFactory.create(currency="EUR", unit_price="1.25", action_type=ActionType.objects.get(code="carts"))
    PriceRuleFactory.create(currency="EUR", unit_price="8", action_type=ActionType.objects.get(code="orders"))
    graduated(
        (100, "0.10", "0"), (None, "0.04", "0"), currency="EUR", action_type=ActionType.objects.get(code="clicks")
    )
    _, key = create_key(SourceFactory.create(new_products=Source.NewProducts.CREATE))
    sessions = list(otto_leads())

    once = sum((_post(live_server, key, leads) for leads in sessions), Counter())
    again = sum((_post(live_server, key, leads) for leads in sessions), Counter())

    leads = sum(len(session) for session in sessions)
    assert once == Counter(leads_received=leads, leads_created=leads, actions_received=862, actions_created=862)
    assert again == Counter(leads_received=leads, leads_duplicate=leads, actions_received=862, actions_duplicate=862)
    assert (Lead.objects.count(), Action.objects.count(), Delivery.objects.count()) == (leads, 862, 40)
    tallies = _rate_everything()
    assert (tallies["actions"], tallies["charged"], tallies["excluded"], tallies["unrated"]) == (862, 862, 0, 0)
    periods = list(BillingPeriod.objects.order_by("start_at").values_list("label", flat=True))
    _bill(*periods)
    per_month = Counter(
        dict(Action.objects.values_list("period").annotate(Count("pk")).values_list("period__label", "pk__count"))
    )
    assert sum(per_month.values()) == 862
    assert Invoice.objects.aggregate(sum=Sum("total"))["sum"] == _expected_otto()


def _expected_otto() -> Decimal:
    """Calculate the prices by hand: 52 carts, 10 orders, and graduated clicks for each month."""
    total = 52 * Decimal("1.25") + 10 * 8
    clicks = Action.objects.filter(action_type__code="clicks").values_list("period").annotate(count=Count("pk"))
    for _, count in clicks:
        total += min(count, 100) * Decimal("0.10") + max(0, count - 100) * Decimal("0.04")
    return total


def test_the_crm_export_by_file_is_accounted_for_to_the_last_row(capsys: pytest.CaptureFixture[str]):
    CustomerFactory.create(code="XEDU", time_zone="Asia/Kolkata")
    crm = SourceFactory.create(code="crm", new_products=Source.NewProducts.CREATE)
    SourceMappingFactory.create(source=crm, document=X_EDUCATION_MAPPING)
    for code in _x_education_types() - set(UNKNOWN):
        ActionTypeFactory.create(code=code, name=code, is_billable=code not in NOT_BILLABLE)
    graduated((1_000, "0.05", "0"), (None, "0.02", "10"), action_type=ActionType.objects.get(code="website_visit"))
    PriceRuleFactory.create(unit_price="40", action_type=ActionType.objects.get(code="converted"))
    PriceRuleFactory.create(unit_price="0.30")

    call_command("import_leads", str(shared.X_EDUCATION), source="crm")
    call_command("import_leads", str(shared.X_EDUCATION), source="crm")

    # Each of the 9,240 rows is a lead; its actions are the visits (6,914 rows have some), the last activity (9,137), the
    # last notable one (9,240) and the conversion (3,561).
    actions = 6_914 + 9_137 + 9_240 + 3_561
    unknown = sum(UNKNOWN.values())
    assert capsys.readouterr().out.splitlines() == [
        "lines: 9,240 read = 9,240 taken + 0 blank + 0 refused",
        "leads: 9,240 received = 9,240 created + 0 duplicate + 0 quarantined",
        f"actions: {actions:,} received = {actions - unknown:,} created + 0 duplicate + {unknown:,} quarantined",
        "lines: 9,240 read = 9,240 taken + 0 blank + 0 refused",
        "leads: 9,240 received = 0 created + 9,240 duplicate + 0 quarantined",
        f"actions: {actions:,} received = 0 created + {actions - unknown:,} duplicate + {unknown:,} quarantined",
    ]
    assert Action.objects.count() == actions - unknown
    assert set(QuarantinedItem.objects.values_list("code", flat=True)) == {"unknown_action_type"}
    excluded = sum(NOT_BILLABLE.values())
    tallies = _rate_everything()
    assert (tallies["actions"], tallies["charged"]) == (actions - unknown, actions - unknown - excluded)
    assert (tallies["excluded"], tallies["unrated"]) == (excluded, 0)
    _bill("2026-09")
    visits = Action.objects.filter(action_type__code="website_visit").aggregate(sum=Sum("quantity"))["sum"]
    others = actions - unknown - excluded - 6_914 - 3_561
    expected = 1_000 * Decimal("0.05") + (visits - 1_000) * Decimal("0.02") + 10 + 3_561 * 40 + others * Decimal("0.30")
    assert Charge.objects.aggregate(sum=Sum("amount"))["sum"] == expected
    assert Invoice.objects.get().total == expected.quantize(Decimal("0.01"))


def _x_education_types() -> set[str]:
    text = shared.X_EDUCATION.read_text(encoding="utf-8-sig")
    rows = [next(csv.reader([row[0]])) if len(row) == 1 else row for row in csv.reader(text.splitlines())]
    head = rows[0]
    places = [head.index("Last Activity"), head.index("Last Notable Activity")]
    names = {row[place] for row in rows[1:] for place in places if row[place]}
    return {re.sub(r"\W+", "_", name.lower()) for name in names} | {"website_visit", "converted"}


def _post(live_server: LiveServer, key: str, leads: object) -> Counter[str]:
    request = Request(
        f"{live_server.url}/api/v1/deliveries",
        data=json.dumps(leads).encode(),
        headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
    )
    with urlopen(request) as response:
        assert response.status == 202
        return Counter({name: count for name, count in json.load(response)["counts"].items() if count})


def _rate_everything() -> dict[str, int]:
    for period in BillingPeriod.objects.all():
        rate_waiting([period.pk], at=NOW)
    sums = PeriodTally.objects.aggregate(*(Sum(name) for name in ("actions", "charged", "excluded", "unrated")))
    return {name.removesuffix("__sum"): count for name, count in sums.items()}


def _bill(*cycles: str) -> None:
    for cycle in cycles:
        run = start(Cycle.parse(cycle), by=None, at=NOW)
        for item in run.items.all():
            bill(item.pk, at=NOW)
        assert progress(run).failed == 0
