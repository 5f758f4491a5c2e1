"""Two years of 500 customers whose sizes follow Zipf's law: charges loaded with SQL, and added up by the engine itself."""

from datetime import UTC, datetime
from typing import Any

from django.db import connection

from billing_engine.core.calendar.spans import Month
from leads.models import ActionType, BillingPeriod, Channel, Customer, Product, Source
from pricing.domain.rate.activity import roll_up, touched
from pricing.models import PriceRule
from tests.bench.measure import execute, say, truncate
from tests.bench.reports import billed
from tests.bench.rulebook import LONG_AGO
from tests.bench.world import CATEGORIES, give_facts
from tests.factories.leads import agree_all

CUSTOMERS, SOURCES, ACTIONS_A_LEAD, PERIODS_AT_A_TIME = 500, 40, 5, 500
MONTHS = [Month(2024 + (9 + n) // 12, (9 + n) % 12 + 1) for n in range(24)]  # October 2024 to September 2026
AT = datetime(2026, 10, 2, 12, tzinfo=UTC)
ZONES = ("America/New_York", "America/New_York", "America/Los_Angeles", "Europe/Berlin", "UTC")
KINDS = {"sample_order": 30, "page_view": 35, "brochure_download": 15, "quote_request": 12, "site_visit": 8}

# Of a lead: a customer by Zipf's law, one of its three or four products, and of its three to five sources.
LEADS = """
    SELECT setseed(0.5);
    CREATE TEMP TABLE catalog_of AS
    SELECT product.id, dense_rank() OVER (ORDER BY customer_id) - 1 AS place,
           row_number() OVER (PARTITION BY customer_id ORDER BY product.id) - 1 AS which,
           count(*) OVER (PARTITION BY customer_id) AS products
      FROM leads_product product;
    ANALYZE catalog_of;
    INSERT INTO leads_lead (id, source_id, external_id, product_id, delivery_id, name, email, person_key, phone, firm,
                            country, region, campaign, is_test, attributes, occurred_at, received_at)
    SELECT n, %(source)s + (drawn.place * 7 + floor(second ^ 2 * (3 + drawn.place %% 3))::int * 11) %% %(sources)s,
           'L-' || lpad(n::text, 8, '0'), catalog_of.id, n, 'Person ' || n, 'p' || n || '@studio.example',
           'p' || n || '@studio.example', '', '', 'US', '', '', n %% 100 = 5, '{}', at, at
      FROM (SELECT n, width_bucket(random(), %(shares)s::float8[]) AS place, random() AS first, random() AS second,
                   %(first)s::timestamptz + (%(end)s::timestamptz - %(first)s::timestamptz) * (n / %(leads)s::float8) AS at
              FROM generate_series(1, %(leads)s) n) drawn
      JOIN catalog_of ON catalog_of.place = drawn.place AND which = floor(first ^ 1.5 * products);
"""
# One action in fifty is billed a month late.
ACTIONS = """
    INSERT INTO leads_action (id, lead_id, external_id, action_type_id, period_id, delivery_id, occurred_at, quantity,
                              value, attributes, voided_at, void_reason)
    SELECT n, lead.id, 'A-' || lpad(n::text, 8, '0'), kind.id, period.id, lead.id, at, 1 + n %% 3, NULL, '{}',
           CASE WHEN n %% 33 = 7 THEN at END, ''
      FROM generate_series(1, %(actions)s) n
      JOIN leads_lead lead ON lead.id = (n - 1) / %(a_lead)s + 1
      JOIN leads_product product ON product.id = lead.product_id
      JOIN leads_customer customer ON customer.id = product.customer_id
      CROSS JOIN LATERAL (SELECT lead.received_at + (n %% 5000 * 7919 %% 5000) * interval '1 minute' AS at) happened
      JOIN leads_actiontype kind ON kind.code = (%(kinds)s::text[])[1 + n %% 100 * 79 %% 100]
      JOIN leads_billingperiod period ON period.customer_id = product.customer_id
       AND period.label = to_char(at AT TIME ZONE customer.time_zone + CASE WHEN n %% 50 = 3 THEN interval '1 month'
                                  ELSE interval '0' END, 'YYYY-MM');
"""
CHARGES = """
    INSERT INTO pricing_charge (action_id, period_id, rule_id, amount, full_amount, reason, cut_per_lead, cut_per_period,
                                cut_by_budget, quantity_before, value_before, paid_by_id)
    SELECT action.id, action.period_id, CASE WHEN decided.reason = '' THEN rule.id END,
           CASE WHEN decided.reason = '' AND action.id %% 40 <> 9 THEN rule.unit_price * action.quantity ELSE 0 END,
           CASE WHEN decided.reason = '' THEN rule.unit_price * action.quantity ELSE 0 END, decided.reason,
           NULL, CASE WHEN decided.reason = '' AND action.id %% 40 = 9 THEN rule.unit_price * action.quantity END,
           NULL, 0, NULL, NULL
      FROM leads_action action
      JOIN leads_lead lead ON lead.id = action.lead_id
      JOIN leads_billingperiod period ON period.id = action.period_id
      JOIN leads_actiontype kind ON kind.id = action.action_type_id
      JOIN pricing_pricerule rule ON rule.customer_id = period.customer_id AND rule.action_type_id = kind.id
      CROSS JOIN LATERAL (SELECT CASE WHEN action.voided_at IS NOT NULL THEN 'voided'
                                      WHEN lead.is_test THEN 'test_lead'
                                      WHEN kind.code = 'site_visit' THEN 'not_billable'
                                      WHEN action.id %% 13 = 0 THEN 'already_charged' ELSE '' END AS reason) decided
     WHERE action.id %% 60 <> 59;
    INSERT INTO pricing_unratedaction (action_id, period_id)
    SELECT id, period_id FROM leads_action WHERE id %% 60 = 59;
"""
LOADED = {"leads": LEADS, "actions": ACTIONS, "charges": CHARGES}
ROWS = ("leads_lead", "leads_action", "pricing_charge", "pricing_unratedaction")
ROLL_UP = ("pricing_dailyactivity", "pricing_monthlyactivity")


def build() -> None:
    """Customers, catalog, rules and periods, without activity."""
    customers = Customer.objects.bulk_create(
        Customer(
            code=f"C{n:03d}",
            name=f"Customer {n}",
            billed_from=MONTHS[0].first,
            time_zone=ZONES[n % len(ZONES)],
            currency="EUR" if n % 10 == 3 else "USD",
        )
        for n in range(CUSTOMERS)
    )
    agree_all(customers)
    sources = Source.objects.bulk_create(Source(code=f"source{n}", name=f"Source {n}") for n in range(SOURCES))
    give_facts(sources, lambda n, _: {"channel": Channel.values[n % len(Channel.values)]})
    kinds = ActionType.objects.bulk_create(ActionType(code=code, name=code) for code in KINDS)
    give_facts(kinds, lambda _, kind: {"is_billable": kind.code != "site_visit"})
    products = Product.objects.bulk_create(
        Product(customer=customer, sku=f"SKU-{n}", name=f"Product {n}")
        for place, customer in enumerate(customers)
        for n in range(3 + place % 2)
    )
    give_facts(products, lambda n, _: {"category": CATEGORIES[n % 3]})
    PriceRule.objects.bulk_create(
        PriceRule(
            name=f"{kind.code} of {customer.code}",
            customer=customer,
            action_type=kind,
            currency=customer.currency,
            unit_price=f"{1 + place % 7 + n / 4:.2f}",
            wall_from=LONG_AGO.replace(tzinfo=None),
        )
        for place, customer in enumerate(customers)
        for n, kind in enumerate(kinds)
    )
    BillingPeriod.objects.bulk_create(
        BillingPeriod(customer=customer, label=str(month), start_at=span.start, end_at=span.end)
        for month in (*MONTHS, MONTHS[-1].next())
        for customer in customers
        for span in [month.span(customer.zone)]
    )


def load(actions: int) -> dict[str, int]:
    """So many actions and their charges instead of those that are there; returns the rows of the roll-up by table."""
    truncate(*ROWS, *ROLL_UP, *billed.TABLES)
    figures = _figures(actions)
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica; DROP TABLE IF EXISTS catalog_of")
        for name, statement in LOADED.items():
            say(f"loading {name}")
            cursor.execute(statement, figures)
            cursor.execute("ANALYZE leads_lead, leads_action, pricing_charge, leads_product, leads_billingperiod")
        cursor.execute("SET session_replication_role = origin")
    say("adding up activity")
    periods = list(BillingPeriod.objects.select_related("customer").order_by("start_at", "pk"))
    for place in range(0, len(periods), PERIODS_AT_A_TIME):
        roll_up(map(touched, periods[place : place + PERIODS_AT_A_TIME]))
    say("adding invoices and deliveries")
    billed.bill(figures | {"at": AT})
    execute("VACUUM ANALYZE")
    with connection.cursor() as cursor:
        found = {}
        for table in ("pricing_charge", *ROLL_UP, "invoices_invoiceline"):
            cursor.execute(f"SELECT count(*) FROM {table}")
            found[table] = cursor.fetchone()[0]
    return found


def _figures(actions: int) -> dict[str, Any]:
    """What the statements are told."""
    weights = [1 / (place + 1) for place in range(CUSTOMERS)]
    zone = Customer.objects.earliest("pk").zone
    return {
        "actions": actions,
        "leads": actions // ACTIONS_A_LEAD,
        "a_lead": ACTIONS_A_LEAD,
        "source": Source.objects.earliest("pk").pk,
        "sources": SOURCES,
        "shares": [sum(weights[:place]) / sum(weights) for place in range(1, CUSTOMERS)],
        "kinds": [code for code, share in KINDS.items() for _ in range(share)],
        "first": MONTHS[0].span(zone).start,
        "end": MONTHS[-1].span(zone).end,
    }
