"""One customer with four months: one invoice issued, one approved, one a draft, and one month that still collects charges."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Model
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from billing_engine.core.calendar.spans import Month
from billing_engine.core.models import ApprovalRequest, Deed
from invoices.domain.life.close import close
from invoices.domain.life.transitions import approve, issue
from invoices.models import Invoice
from leads.domain.credentials.api_keys import create_key
from leads.models import (
    Action,
    ActionType,
    ApprovalThreshold,
    BillingPeriod,
    Company,
    Customer,
    Product,
    Source,
)
from pricing.domain.rate.rate import rate
from pricing.models import Charge, PriceCheck, PriceRule
from tests.factories.leads import (
    ActionFactory,
    ActionTypeFactory,
    BillingPeriodFactory,
    CompanyFactory,
    CustomerFactory,
    LeadFactory,
    ProductFactory,
    SourceFactory,
)
from tests.factories.people import UserFactory, with_role
from tests.factories.pricing import PriceCheckFactory, PriceRuleFactory

NOW = datetime(2026, 11, 10, 12, tzinfo=UTC)
TODAY, TOMORROW, NEXT_MONTH = date(2026, 11, 10), date(2026, 11, 11), date(2026, 12, 1)
NOVEMBER_1 = date(2026, 11, 1)
DAYS = (date(2026, 8, 1), date(2026, 10, 1), NOVEMBER_1, TODAY, date(2100, 1, 1))


@dataclass(frozen=True, slots=True)
class Story:
    """What there is to steal."""

    seller: Company
    customer: Customer
    product: Product
    kind: ActionType
    source: Source
    key: str
    rule: PriceRule
    check: PriceCheck
    issued: Invoice
    approved: Invoice
    draft: Invoice
    month: BillingPeriod  # open

    @property
    def action(self) -> Action:
        """A charged action of the open month."""
        return Action.objects.filter(period=self.month).earliest("pk")


def a_story() -> Story:
    """Four months of three sample orders at $2.50, from the source `web`."""
    seller = CompanyFactory.create(name="Ours, Inc.", pay_to="Good Bank, account 1", email="books@ours.example")
    customer = CustomerFactory.create(
        name="Acme", code="ACME", time_zone="UTC", seller=seller, billing_contacts=["old@acme.example"], tax_rate=10
    )
    product = ProductFactory.create(customer=customer, sku="TILE")
    kind, source = ActionTypeFactory.create(code="sample_order"), SourceFactory.create(code="web")
    rule = PriceRuleFactory.create(name="Samples")
    check = PriceCheckFactory.create(name="A sample costs 2.50", product=product, action_type=kind)
    periods = [_month(customer, number, LeadFactory.create(product=product, source=source)) for number in (8, 9, 10)]
    clerk = UserFactory.create(username="clerk")
    issued, approved, draft = (_billed(period) for period in periods)
    issue(approve(issued, by=clerk, at=NOW), by=clerk, at=NOW)
    approve(approved, by=clerk, at=NOW)
    month = _month(customer, 11, LeadFactory.create(product=product, source=source))
    rate(month, at=NOW)
    key = create_key(source)[1]
    return Story(seller, customer, product, kind, source, key, rule, check, issued, approved, draft, month)


def _month(customer: Customer, number: int, lead: Any) -> BillingPeriod:
    period = BillingPeriodFactory.create(customer=customer, month=Month(2026, number))
    when = datetime(2026, number, 5, 12, tzinfo=UTC)
    for _ in range(3):
        ActionFactory.create(lead=lead, period=period, occurred_at=when, quantity=1)
    return period


def _billed(period: BillingPeriod) -> Invoice:
    rate(period, at=NOW)
    invoice = close(period, at=NOW)
    assert invoice is not None
    return invoice


# --- Who ---------------------------------------------------------------------------------------------------------


def client_of(person: User) -> Client:
    """A browser in which the person has just logged in."""
    client = Client()
    client.force_login(person)
    return client


def named(role: str, name: str) -> User:
    """A person with a role, by name."""
    person = with_role(role)
    person.username, person.email = name, f"{name}@ours.example"
    person.save()
    return person


# --- What they do ------------------------------------------------------------------------------------------------


def press(person: User, row: Model, button: str, **answers: Any) -> HttpResponse:
    """Press a button of the row's page, and answer its dialog; a dialog that shows the effect first is pressed again."""
    client, address = client_of(person), button_of(row, button)
    answer: Any = client.post(address, answers)
    shown = (answer.context or {}).get("effect") if answer.status_code == 200 else None
    if isinstance(shown, dict) and "mark" in shown:
        answer = client.post(address, answers | {"seen": shown["mark"]})
    found: HttpResponse = answer
    return found


def save(person: User, row: Model, **fields: Any) -> HttpResponse:
    """Send the form of the row's page."""
    answer: Any = client_of(person).post(page_of(row), fields)
    found: HttpResponse = answer
    return found


def page_of(row: Model) -> str:
    return reverse(f"admin:{_name(row)}_change", args=[row.pk])


def button_of(row: Model, button: str) -> str:
    return reverse(f"admin:{_name(row)}_{button}", args=[row.pk])


def _name(row: Model) -> str:
    return f"{row._meta.app_label}_{row._meta.model_name}"


def the_request() -> ApprovalRequest:
    """The latest request for approval."""
    return ApprovalRequest.objects.latest("pk")


def decide(person: User, button: str = "approve_request", words: str = "") -> HttpResponse:
    """Approve the latest request, or send it back."""
    return press(person, the_request(), button, words=words)


def is_done(answer: HttpResponse) -> bool:
    """Whether a button or form did what was asked; a refusal is a 403 or the page with what is wrong."""
    return answer.status_code == 302


# --- What must stay as it was ------------------------------------------------------------------------------------


def money(story: Story) -> dict[str, Any]:
    """All that decides who pays how much to whom: charges after rating again, invoices, terms, facts, rules, thresholds."""
    for period in BillingPeriod.objects.open():
        rate(period, at=NOW)
    customer = Customer.objects.get(pk=story.customer.pk)
    seller = Company.objects.get(pk=story.seller.pk)
    return {
        "charges": _rows(Charge, "action", "amount", "reason", "rule"),
        "invoices": _rows(Invoice, "pk", "state", "number", "total", "seller", "bill_to"),
        "customer": [customer.is_active, customer.cycle, customer.currency, customer.billed_from],
        "terms": [customer.terms.on(day).values() for day in DAYS],
        "details": [seller.details_on(day).values() for day in DAYS],
        "facts": [_facts(story, day) for day in DAYS],
        "rules": _rows(PriceRule.objects.in_force(), "pk", "state", "unit_price", "wall_from", "wall_to"),
        "thresholds": _rows(ApprovalThreshold.objects.in_force(), "pk", "kind", "above"),
        "people": _rows(User, "username", "is_superuser", "groups__name"),
    }


@contextmanager
def nothing_moves(story: Story) -> Iterator[None]:
    """Compare all of it before and after."""
    before = money(story)
    yield
    assert money(story) == before


def amounts(story: Story) -> list[Decimal]:
    """The charges of the open month, rated again."""
    rate(story.month, at=NOW)
    return list(Charge.objects.filter(period=story.month).order_by("pk").values_list("amount", flat=True))


def deeds(*verbs: str) -> list[tuple[str, str, str]]:
    """Verb, actor and reason of the deeds, or of those with one of these verbs."""
    found = Deed.objects.order_by("pk").values_list("verb", "actor_name", "reason")
    return [each for each in found if not verbs or each[0] in verbs]


def _rows(source: Any, *names: str) -> list[Any]:
    rows = source if hasattr(source, "values_list") else source.objects
    return list(rows.order_by(*names[:1]).values_list(*names))


def _facts(story: Story, day: date) -> list[Any]:
    subjects = [type(row).objects.get(pk=row.pk).facts_on(day) for row in (story.product, story.kind, story.source)]
    return [(each.pk, *(getattr(each, name) for name in each.FACTS)) for each in subjects]
