"""Whole companies, from what their sources sent to bundles that the program proves in an empty environment."""

import json
import subprocess
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from django.contrib.auth.models import User

from billing_engine.roles import ensure_roles
from billing_engine.sample import company
from billing_engine.sample.leads import documents, earlier, earlier_months
from invoices.domain.life.close import HasUnratedActions, PeriodNotOver, close
from invoices.domain.life.transitions import approve, issue
from invoices.domain.proof.published import FILE
from invoices.models import Invoice, InvoiceProof
from leads.domain.intake.receive import receive
from leads.models import ActionType, BillingPeriod, Source
from pricing.domain.audit.prove import prove
from pricing.domain.rate.rate import rate_waiting
from tests import shared
from tests.e2e.real_data import OTTO_TYPES, otto_leads
from tests.factories.leads import ActionTypeFactory, CustomerFactory, SourceFactory
from tests.factories.pricing import PriceRuleFactory, graduated
from tests.invoices.proof.sealed import bundle_of

pytestmark = pytest.mark.django_db

TODAY = datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_every_closed_month_of_the_sample_company_proves(signing: str, tmp_path: Path) -> None:
    months = earlier_months(TODAY)
    ensure_roles()
    company.create(at=TODAY, billed_from=months[0].first)
    sent = [request for month in months for request in earlier(month)]
    for source, leads in (*sent, *documents(today=TODAY)):
        sent_in(Source.objects.get(code=source), leads)

    invoices = all_issued(User.objects.get(username="finance"))

    # Eight brands and five months, but for the one whose last month has actions without a price.
    assert len(invoices) == 8 * 5 - 1
    proven(invoices, tmp_path)


@shared.needed
def test_every_week_of_real_sessions_proves(frank: User, signing: str, tmp_path: Path) -> None:
    CustomerFactory.create(code="OTTO", currency="EUR", time_zone="Europe/Berlin", cycle="weekly")
    for code in OTTO_TYPES:
        ActionTypeFactory.create(code=code, name=code)
    kind = ActionType.objects.in_bulk(field_name="code")
    PriceRuleFactory.create(currency="EUR", unit_price="1.25", action_type=kind["carts"], cap_per_lead=Decimal(2))
    PriceRuleFactory.create(currency="EUR", unit_price="8", action_type=kind["orders"], once_days=30, once_per="lead")
    graduated((100, "0.10", "0"), (None, "0.04", "0.5"), currency="EUR", action_type=kind["clicks"])
    source = SourceFactory.create(new_products=Source.NewProducts.CREATE)
    for leads in otto_leads():
        sent_in(source, leads)

    invoices = all_issued(frank)

    assert len(invoices) == BillingPeriod.objects.count() > 3
    assert sum(proven(invoices, tmp_path)) == 862


def sent_in(source: Source, leads: object) -> None:
    """As its source sends it."""
    receive(source, body=json.dumps(leads).encode(), content_type="application/json", received_at=TODAY)


def all_issued(by: User) -> list[Invoice]:
    """Rate everything, and bill and issue all that can be: the customers in turn, each from its oldest month on."""
    rate_waiting(list(BillingPeriod.objects.values_list("pk", flat=True)), at=TODAY)
    found = []
    for period in BillingPeriod.objects.select_related("customer").order_by("customer", "start_at"):
        try:
            draft = close(period, at=TODAY)
        except (PeriodNotOver, HasUnratedActions):
            continue
        assert draft is not None
        found.append(issue(approve(draft, by=by, at=TODAY), by=by, at=TODAY))
    return found


def proven(invoices: Iterable[Invoice], folder: Path) -> list[int]:
    """Check the bundles of each customer, from the oldest to the newest, and our own books; return their charges."""
    program, by_customer = folder / "verify.py", dict[int, list[Path]]()
    program.write_bytes(FILE.read_bytes())
    for invoice in invoices:
        path = folder / f"{invoice.number}.zip"
        path.write_bytes(bundle_of(invoice, at=TODAY))
        by_customer.setdefault(invoice.customer_id, []).append(path)
        assert prove(invoice.period).holds
    key = InvoiceProof.objects.values_list("key__digest", flat=True).distinct().get()
    for paths in by_customer.values():
        # Isolated, and without what is installed: only the program, Python and the bundles.
        command = [sys.executable, "-I", "-S", str(program), "--key", key[:32], *map(str, paths)]
        done = subprocess.run(command, cwd=folder, env={}, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stdout.count("worked out again, equal to the last digit") == len(paths)
    return list(InvoiceProof.objects.values_list("charges", flat=True))
