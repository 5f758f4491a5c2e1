"""One customer with many charges over ten months before this one, rated, billed and issued by the engine itself."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.db import connection
from django.db.models import Model
from django.utils.timezone import now

from billing_engine.core.calendar.spans import Month
from invoices.domain.life.close import close
from invoices.domain.life.transitions import approve, issue
from invoices.models import Invoice, InvoiceLine
from leads.domain.memberships.invitations import invite
from leads.domain.periods import mark_unrated
from leads.models import ActionType, BillingPeriod, Channel, Customer, Delivery, MemberRole, Membership, Product, Source
from pricing.domain.rate.rate import rate
from pricing.models import Charge
from receivables.domain.credit_notes.drafting import draft_for_lines
from receivables.domain.credit_notes.issuing import approve as approve_note
from receivables.domain.credit_notes.issuing import issue as issue_note
from receivables.domain.disputes.evidence import Evidence
from receivables.domain.disputes.opening import open_dispute
from receivables.domain.disputes.speaker import Speaker
from receivables.domain.disputes.subject import subject_of_charges
from receivables.domain.payments.record import Received, record_payment
from receivables.models import Dispute, DisputeFile, LedgerDocument, Reason
from reports.domain.forecast.prepare import prepare
from tests.bench.measure import execute, say, without_triggers
from tests.bench.rulebook import KINDS, write_rules
from tests.bench.world import CATEGORIES, give_facts
from tests.factories.leads import CustomerKeyFactory, agree_all
from tests.portal.made import a_person

MONTHS, ACTIONS_A_LEAD = 10, 4
ZONE = "America/Chicago"

LEADS = """
    INSERT INTO leads_lead (id, source_id, external_id, product_id, delivery_id, name, email, person_key, phone, firm,
                            country, region, campaign, is_test, attributes, occurred_at, received_at)
    SELECT n, (%(sources)s::bigint[])[1 + n %% cardinality(%(sources)s::bigint[])], 'L-' || lpad(n::text, 8, '0'),
           (%(products)s::bigint[])[1 + n * 7 %% cardinality(%(products)s::bigint[])], %(delivery)s, 'Person ' || person,
           email, email, '', 'Studio ' || person %% 300, 'US', 'OR', 'autumn', n %% 100 = 5, '{}', at, at
      FROM (SELECT n, n * 7919 %% %(leads)s * 4 / 5 AS person,
                   %(first)s::timestamptz + (%(end)s::timestamptz - %(first)s::timestamptz) * (n / %(leads)s::float8) AS at
              FROM generate_series(1, %(leads)s::bigint) n) drawn
     CROSS JOIN LATERAL (SELECT 'person' || person || '@studio' || person %% 300 || '.example' AS email) named
"""
ACTIONS = """
    INSERT INTO leads_action (id, lead_id, external_id, action_type_id, period_id, delivery_id, occurred_at, quantity,
                              value, attributes, voided_at, void_reason)
    SELECT n, lead.id, 'A-' || lpad(n::text, 8, '0'), kind.id, period.id, lead.delivery_id, at,
           (ARRAY[1, 1, 1, 2, 3, 5, 12, 0.5])[1 + n * 31 %% 8],
           CASE WHEN kind.code IN ('quote_request', 'purchase') THEN (n * 7919 %% 90000) / 100.0 END, '{}',
           CASE WHEN n %% 50 = 7 THEN at END, ''
      FROM generate_series(1, %(actions)s::bigint) n
      JOIN leads_lead lead ON lead.id = (n - 1) / %(a_lead)s + 1
      CROSS JOIN LATERAL (SELECT lead.received_at + n %% 4 * interval '7 minutes' AS at) happened
      JOIN leads_actiontype kind ON kind.code = (%(kinds)s::text[])[1 + n * 79 %% 100]
      JOIN leads_billingperiod period ON period.start_at <= at AND period.end_at > at
     ORDER BY n
"""


@dataclass(frozen=True)
class World:
    """The customer, its largest issued invoice, a person who may do everything, and a row for each id in an address."""

    customer: Customer
    invoice: Invoice
    person: User
    rows: dict[str, Model]
    charges: int

    @property
    def line(self) -> InvoiceLine:
        """The invoice's line with the most charges."""
        line = self.rows["line"]
        assert isinstance(line, InvoiceLine)
        return line

    @property
    def charge(self) -> Charge:
        """The charge in the middle of that line."""
        charge = self.rows["charge"]
        assert isinstance(charge, Charge)
        return charge


def build(actions: int) -> World:
    """Load, rate, bill and issue everything up to this moment; the last month is still disputable."""
    at = now()
    finance = User.objects.create(username="finance", is_staff=True, is_superuser=True)
    customer = _customer(at)
    periods = list(BillingPeriod.objects.order_by("start_at"))
    say(f"loading {actions:,} actions")
    with without_triggers(), connection.cursor() as cursor:
        asked = _figures(actions, periods, at)
        for statement in (LEADS, ACTIONS):
            cursor.execute(statement, asked)
    execute("VACUUM ANALYZE")
    say("rating them")
    mark_unrated(periods, reason="intake")
    for period in periods:
        rate(period, at=at)
    execute("VACUUM ANALYZE")
    say("billing and issuing")
    invoices = []
    for period in periods[:-1]:
        draft = close(period, at=at)
        assert draft is not None
        day = None if period == periods[-2] else customer.day_of(period.end_at)  # the last one can still be disputed
        invoices.append(issue(approve(draft, by=finance, at=at), by=finance, at=at, issued_on=day))
    _pay(customer, invoices[:-2], finance, at)
    prepare(at=at)
    largest = invoices[-1]
    person = a_person(customer, role=MemberRole.ADMINISTRATOR)
    rows = _rows(customer, largest, finance, at)
    execute("VACUUM ANALYZE")
    return World(customer, largest, person, rows, Charge.objects.count())


def _customer(at: datetime) -> Customer:
    """A customer with ten rules of its own beside those for all, and its periods."""
    this = Month.containing(at, Customer(time_zone=ZONE).zone)
    months = [this]
    for _ in range(MONTHS):
        months.insert(0, months[0].previous())
    customer = Customer.objects.create(
        code="LARGE", name="A Large Customer", time_zone=ZONE, billed_from=months[0].first
    )
    agree_all([customer], monthly_budget=10_000_000, billing_contacts=["books@large.example"])
    sources = Source.objects.bulk_create(Source(code=f"source{n}", name=f"Source {n}") for n in range(10))
    give_facts(sources, lambda n, _: {"channel": Channel.values[n]})
    kinds = ActionType.objects.bulk_create(ActionType(code=code, name=code.replace("_", " ")) for code in KINDS)
    give_facts(kinds, lambda _, kind: {"is_billable": kind.code != "site_visit"})
    products = Product.objects.bulk_create(
        Product(customer=customer, sku=f"SKU-{n}", name=f"Product {n}") for n in range(5)
    )
    give_facts(products, lambda n, _: {"category": CATEGORIES[n % 3]})
    write_rules([customer], products, sources, {kind.code: kind for kind in kinds}, first_place=1)
    Delivery.objects.create(source=sources[0], received_at=at, body=b"", body_size=0)
    BillingPeriod.objects.bulk_create(
        BillingPeriod(customer=customer, label=str(month), start_at=span.start, end_at=span.end)
        for month in months
        for span in [month.span(customer.zone)]
    )
    return customer


def _figures(actions: int, periods: list[BillingPeriod], at: datetime) -> dict[str, Any]:
    """What the statements are told."""
    return {
        "actions": actions,
        "leads": actions // ACTIONS_A_LEAD,
        "a_lead": ACTIONS_A_LEAD,
        "sources": list(Source.objects.order_by("pk").values_list("pk", flat=True)),
        "products": list(Product.objects.order_by("pk").values_list("pk", flat=True)),
        "delivery": Delivery.objects.get().pk,
        "kinds": [code for code, share in KINDS.items() for _ in range(share)],
        "first": periods[0].start_at,
        "end": max(at, periods[-1].start_at),
    }


def _pay(customer: Customer, invoices: list[Invoice], by: User, at: datetime) -> None:
    """All of these."""
    for number, invoice in enumerate(invoices):
        owed = LedgerDocument.objects.get(invoice=invoice)
        received = Received(customer=customer, on=owed.posted_on, amount=owed.amount, reference=f"ACH {number}")
        record_payment(received, by=by, at=at, settles=[owed])


def _rows(customer: Customer, invoice: Invoice, by: User, at: datetime) -> dict[str, Model]:
    """By the name of the id in an address; the line is the one with the most charges."""
    line = invoice.lines.filter(kind=InvoiceLine.Kind.CHARGES).order_by("-actions")[0]
    charges = Charge.objects.filter(period=invoice.period, action__action_type=line.action_type, rule=line.rule)
    charges = charges.filter(action__lead__product=line.product, amount__gt=0).order_by("action__occurred_at")
    some = list(charges[:3])
    dispute = open_dispute(
        subject_of_charges([each.pk for each in some]),
        reason=Reason.objects.filter(customers_may_give_it=True, is_active=True).order_by("pk")[0],
        words="Twice.",
        by=Speaker(contact="imo@northlight.example"),
        at=at,
        files=[Evidence("note.txt", b"Twice.")],
    )
    reason = Reason.objects.get(code="duplicate")
    note = draft_for_lines(invoice, {line: Decimal(1)}, reason=reason, sentence="Twice.", by=by)
    invited = invite(customer, email="q@large.example", name="Q", role=MemberRole.VIEWER, by=by, at=at)
    return {
        "invoice": invoice,
        "line": line,
        "charge": charges[line.actions // 2],
        "note": issue_note(approve_note(note, by=by, at=at), by=by, at=at),
        "key": CustomerKeyFactory.create(customer=customer),
        "dispute": Dispute.objects.get(pk=dispute.pk),
        "file": DisputeFile.objects.get(step__dispute=dispute),
        "member": Membership.objects.get(customer=customer),
        "invitation": invited,
    }
