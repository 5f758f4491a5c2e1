"""Every closed period proves: months with every price model, with odd currencies, and without any action."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.db.models import Count

from billing_engine.core.calendar.spans import Month
from invoices.domain.proof.keys import trusted
from invoices.domain.proof.seal import seal
from invoices.domain.proof.verifier.bundle import linked
from invoices.models import Invoice, InvoiceProof
from leads.models import Action, ActionType, BillingPeriod
from pricing.models import Charge, Waiver
from tests.factories.leads import (
    ActionFactory,
    ActionTypeFactory,
    BillingPeriodFactory,
    LeadFactory,
    ProductFactory,
    from_day,
)
from tests.factories.pricing import PriceRuleFactory, graduated, tiered
from tests.invoices.made import NOVEMBER_3, a_price, an_open_period, billed, issued, received
from tests.invoices.proof.sealed import bundle_of, checked

pytestmark = pytest.mark.django_db


def proven(invoices: list[Invoice]) -> None:
    """Each invoice's bundle holds and follows the one before."""
    reports = [checked(bundle_of(invoice), *trusted()) for invoice in invoices]
    assert [report.differences for report in reports] == [[] for _ in invoices]
    assert linked(reports) == []


def test_a_month_with_every_price_model_and_every_limit_proves(frank: User, signing: str) -> None:
    kind = {code: ActionTypeFactory.create(code=code) for code in ("a", "b", "c", "d", "e", "f", "g", "h")}
    from_day(kind["h"], date(2026, 10, 10), is_billable=False)
    a_price("3.333333", action_type=kind["a"], highest_only=True)
    graduated((2, "2", "0"), (None, "1.005", "0.5"), action_type=kind["b"], cap_per_period=Decimal("6.5"))
    tiered("volume", (3, "2", "0"), (None, "1.5", "1"), action_type=kind["c"], once_days=5, once_per="person")
    PriceRuleFactory.create(
        price_model="package", unit_price=None, package_size=2, package_price=Decimal(5), action_type=kind["d"]
    )
    PriceRuleFactory.create(
        price_model="percentage",
        unit_price=None,
        percent=Decimal("1.5"),
        fixed_fee=Decimal("0.1"),
        minimum=Decimal("0.5"),
        maximum=Decimal(9),
        free_actions=1,
        action_type=kind["e"],
    )
    tiered("graduated_percentage", (100, "2", "0"), (None, "1", "0.25"), action_type=kind["f"])
    a_price("1", action_type=kind["g"], cap_per_lead=Decimal(3))
    a_price("0.7", action_type=kind["h"])
    period = an_open_period(
        code="ALL",
        time_zone="America/New_York",
        hard_budget=True,
        monthly_budget=Decimal(60),
        contract_from=date(2026, 10, 3),
        contract_to=date(2026, 10, 30),
        tax_rate=7,
    )
    september = BillingPeriodFactory.create(customer=period.customer, month=Month(2026, 9))
    _busy(september, kind, datetime(2026, 9, 28, 3, 59, 59, 999_999, tzinfo=UTC))
    for day in (1, 5, 9, 15, 29, 31):
        _busy(period, kind, datetime(2026, 10, day, 3, 59, 59, 999_999, tzinfo=UTC))
    waived, disputed, voided = Action.objects.filter(period=period, action_type=kind["g"], occurred_at__day=9).order_by(
        "pk"
    )[:3]
    for action, is_dispute in ((waived, False), (disputed, True)):
        Waiver.objects.create(action=action, is_dispute=is_dispute, note="Wrong", waived_at=NOVEMBER_3, waived_by=frank)
    Action.objects.filter(pk=voided.pk).update(voided_at=NOVEMBER_3, void_reason="Wrong")
    invoices = [issued(billed(september), frank), issued(billed(period), frank)]

    proven(invoices)
    charges = Charge.objects.filter(period=period)
    assert set(charges.values_list("reason", flat=True)) >= {
        *("", "voided", "not_billable", "outside_contract", "disputed", "waived", "already_charged", "not_highest")
    }
    cuts = charges.aggregate(*(Count(f"cut_{cap}") for cap in ("per_lead", "per_period", "by_budget")))
    assert all(cuts.values())


def _busy(period: BillingPeriod, kind: dict[str, ActionType], at: datetime) -> None:
    """Two leads of one person, each with two actions of every type, all at once."""
    for _ in range(2):
        product = period.customer.products.first() or ProductFactory.create(customer=period.customer)
        lead = LeadFactory.create(product=product)
        for code in sorted(kind):
            for quantity in ("1", "2.5"):
                ActionFactory.create(
                    lead=lead,
                    action_type=kind[code],
                    period=period,
                    occurred_at=at,
                    quantity=Decimal(quantity),
                    value=Decimal("77.77") if code in "ef" else None,
                )


@pytest.mark.parametrize(("currency", "price"), [("JPY", "33.5"), ("KWD", "0.3335")])
def test_a_currency_with_other_decimal_places_proves(currency: str, price: str, frank: User, signing: str) -> None:
    a_price(price, currency=currency)
    period = an_open_period(currency=currency, tax_rate=10)
    received(period, 1, 2)

    proven([issued(billed(period), frank)])


def test_an_invoice_without_any_action_proves(frank: User, signing: str) -> None:
    invoice = issued(billed(an_open_period(monthly_minimum=Decimal(50))), frank)

    proven([invoice])
    assert seal(invoice, at=NOVEMBER_3) == InvoiceProof.objects.get()
