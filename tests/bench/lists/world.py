"""A year of a company with large lists: loaded with SQL and triggers off, except the last month, which the engine rates.

2,400 periods of 200 customers; the last month of the first customer has 3% of all actions, and is billed.
"""

from datetime import UTC, datetime
from uuid import uuid4

from django.contrib.auth.models import User
from django.db import connection

from billing_engine.core.calendar.spans import Month
from invoices.domain.life.close import close
from invoices.models import Invoice, InvoiceLine, InvoiceMail
from leads.models import ActionType, BillingPeriod, Customer
from pricing.models import PriceRule
from tests.bench import world
from tests.bench.measure import execute, say
from tests.bench.rulebook import LONG_AGO
from tests.bench.worker import work

LAST = world.MONTH
MONTHS = [Month(2025, 11), Month(2025, 12), *(Month(2026, number) for number in range(1, 11))]
ACTIONS_A_LEAD = 20 / 3
NOVEMBER_3 = datetime(2026, 11, 3, tzinfo=UTC)
OFF = "SET session_replication_role = replica"
ON = "SET session_replication_role = origin"

# Each lead belongs to one customer in one month: the first has 37% of the last month's, and 4% of the others'.
LEADS = """
    CREATE TEMP TABLE whose AS
    SELECT n, at, CASE WHEN random() < CASE WHEN at >= %(last)s THEN 0.37 ELSE 0.04 END THEN 0
                       ELSE 1 + floor(%(others)s * random() ^ 2)::int END AS place, random() AS draw
      FROM (SELECT n, %(first)s::timestamptz + (%(end)s::timestamptz - %(first)s::timestamptz) * (n / %(leads)s::float8) AS at
              FROM generate_series(1, %(leads)s) n) one;
    CREATE TEMP TABLE catalogue AS
    SELECT product.id, customer_id, dense_rank() OVER (ORDER BY customer_id) - 1 AS place,
           row_number() OVER (PARTITION BY customer_id ORDER BY product.id) - 1 AS which
      FROM leads_product product;
    INSERT INTO leads_lead (id, source_id, external_id, product_id, delivery_id, name, email, person_key, phone, firm,
                            country, region, campaign, is_test, attributes, occurred_at, received_at)
    SELECT n, %(source)s + (n %% %(sources)s), 'L-' || lpad(n::text, 8, '0'), catalogue.id, n, 'Person ' || person, email,
           email, '', 'Studio ' || person %% 300, 'US', 'OR', 'autumn', draw < 0.002, '{}', at, at
      FROM whose
      JOIN catalogue ON catalogue.place = whose.place AND which = n %% 5
      CROSS JOIN LATERAL (SELECT (1 + floor(draw * %(leads)s * 0.8))::int AS person) drawn
      CROSS JOIN LATERAL (SELECT 'person' || person || '@studio' || person %% 300 || '.example' AS email) named
     ORDER BY n;
"""
ACTIONS = """
    INSERT INTO leads_action (id, lead_id, external_id, action_type_id, period_id, delivery_id, occurred_at, quantity,
                              value, attributes, voided_at, void_reason)
    SELECT n, lead.id, 'A-' || lpad(n::text, 8, '0'), kind.id, period.id, lead.id, at, 1 + n %% 3,
           CASE WHEN kind.code IN ('quote_request', 'purchase') THEN (n %% 90000) / 100.0 END, '{}',
           CASE WHEN n %% 100 = 7 THEN at END, ''
      FROM generate_series(1, %(actions)s) n
      JOIN leads_lead lead ON lead.id = greatest(1, ceil(n * %(leads)s::float8 / %(actions)s))
      JOIN leads_product product ON product.id = lead.product_id
      CROSS JOIN LATERAL (SELECT lead.received_at + n %% 1200 * interval '1 second' AS at) happened
      JOIN leads_actiontype kind ON kind.code = CASE
          WHEN n %% 10000 = 77 THEN 'rare_request'
          ELSE (ARRAY['sample_order', 'page_view', 'brochure_download', 'quote_request', 'purchase', 'page_view', 'call',
                      'sample_order', 'site_visit', 'sample_order', 'page_view'])[1 + (n * 7 + n / 13) %% 11] END
      JOIN leads_billingperiod period ON period.customer_id = product.customer_id
       AND period.label = to_char(lead.received_at AT TIME ZONE %(zone)s, 'YYYY-MM')
     ORDER BY n;
"""
CHARGES = """
    CREATE TEMP TABLE rule_of AS
    SELECT customer.id AS customer_id, kind.id AS action_type_id, coalesce(min(rule.id), %(anything)s) AS rule_id
      FROM leads_customer customer
      JOIN leads_actiontype kind ON true
      LEFT JOIN pricing_pricerule rule ON rule.customer_id = customer.id AND coalesce(rule.action_type_id, kind.id) = kind.id
     GROUP BY 1, 2;
    ANALYZE rule_of;
    INSERT INTO pricing_charge (action_id, period_id, rule_id, amount, full_amount, reason, cut_per_lead, cut_per_period,
                                cut_by_budget, quantity_before, value_before, paid_by_id)
    SELECT id, period_id, CASE WHEN reason = '' THEN rule_id END, amount - coalesce(per_lead, 0) - coalesce(per_period, 0)
               - coalesce(budget, 0), amount, reason, per_lead, per_period, budget, 0, NULL, NULL
      FROM (SELECT action.id, action.period_id, rule_id, decided.reason,
                   CASE WHEN decided.reason = '' THEN 2.5 ELSE 0 END AS amount,
                   CASE WHEN decided.reason = '' AND action.id %% 90 = 1 THEN 1 END AS per_lead,
                   CASE WHEN decided.reason = '' AND action.id %% 700 = 2 THEN 1 END AS per_period,
                   CASE WHEN decided.reason = '' AND action.id %% 900 = 3 THEN 0.5 END AS budget
              FROM leads_action action
              JOIN leads_lead lead ON lead.id = action.lead_id
              JOIN leads_billingperiod period ON period.id = action.period_id AND period.label <> %(last_label)s
              JOIN leads_actiontype kind ON kind.id = action.action_type_id
              LEFT JOIN rule_of USING (customer_id, action_type_id)
              CROSS JOIN LATERAL (SELECT CASE WHEN action.voided_at IS NOT NULL THEN 'voided'
                                              WHEN kind.code = 'site_visit' THEN 'not_billable'
                                              WHEN lead.is_test THEN 'test_lead'
                                              WHEN action.id %% 2000 = 0 THEN 'waived'
                                              WHEN action.id %% 9 = 0 THEN 'already_charged'
                                              WHEN action.id %% 50 = 1 THEN 'not_highest' ELSE '' END AS reason) decided
             WHERE action.id %% 100 <> 99) one
     WHERE reason <> '' OR rule_id IS NOT NULL
     ORDER BY id;
    INSERT INTO pricing_unratedaction (action_id, period_id)
    SELECT action.id, action.period_id
      FROM leads_action action
      JOIN leads_billingperiod period ON period.id = action.period_id AND period.label <> %(last_label)s
      LEFT JOIN pricing_charge charge ON charge.action_id = action.id
     WHERE charge.action_id IS NULL;
"""
DELIVERIES = """
    INSERT INTO leads_delivery (id, source_id, received_at, name, content_type, body, body_size, body_sha256,
        leads_received, leads_created, leads_updated, leads_duplicate, leads_quarantined,
        actions_received, actions_created, actions_duplicate, actions_quarantined)
    SELECT id, source_id, received_at, '', 'application/json', '\\x7b7d', 400, md5(id::text), 1, 1, 0, 0, 0, 6, 6, 0, 0
      FROM leads_lead ORDER BY id;
"""
QUARANTINED = """
    INSERT INTO leads_quarantineditem (delivery_id, source_id, kind, pointer, code, message, content, actions_held,
        lead_external_id, times_sent, state, received_at, occurred_at, zone, months, settled_at, settled_note)
    SELECT lead.id, lead.source_id, CASE WHEN n %% 3 = 0 THEN 'lead' ELSE 'action' END, '/leads/' || n %% 50,
           (ARRAY['unknown_product', 'time_unreadable', 'quantity_implausible', 'action_conflict', 'too_late'])[1 + n %% 5],
           'The product SKU-' || n || ' is unknown.', '{}', n %% 4, lead.external_id, 1,
           CASE WHEN n %% 20 = 0 THEN 'discarded' ELSE 'waiting' END, lead.received_at, lead.occurred_at, 'UTC',
           ARRAY[to_char(lead.received_at, 'YYYY-MM')], CASE WHEN n %% 20 = 0 THEN lead.received_at END,
           CASE WHEN n %% 20 = 0 THEN 'Sent by mistake' ELSE '' END
      FROM generate_series(1, %(items)s) n JOIN leads_lead lead ON lead.id = n * %(leads)s::bigint / %(items)s;
"""
DEEDS = """
    INSERT INTO core_deed (at, verb, actor, person_id, actor_name, task, request, objects, subject_name, before, after,
        reason, position, digest)
    SELECT lead.received_at, (ARRAY['customer_changed', 'price_rule_activated', 'invoice_approved'])[1 + n %% 3],
           CASE WHEN n %% 4 = 0 THEN 'person' ELSE 'engine' END, CASE WHEN n %% 4 = 0 THEN %(person)s END,
           CASE WHEN n %% 4 = 0 THEN 'olga' ELSE 'invoices.sweep' END, '', 'request-' || n,
           ARRAY['leads.lead:' || lead.id], 'Subject ' || n, '{}', '{}', '', n, sha256(n::text::bytea)
      FROM generate_series(1, %(deeds)s) n JOIN leads_lead lead ON lead.id = 1 + (n * 7) %% %(leads)s::int;
"""


TABLES = {
    "leads": LEADS,
    "actions": ACTIONS,
    "charges": CHARGES,
    "deliveries": DELIVERIES,
    "items in quarantine": QUARANTINED,
    "deeds": DEEDS,
}


def build(actions: int) -> BillingPeriod:
    """Everything; returns the largest period, which is billed."""
    here, lasts = world.build()
    terms = {"unit_price": "0.10", "priority": -1, "wall_from": LONG_AGO.replace(tzinfo=None)}
    anything = PriceRule.objects.create(name="Anything else", state="active", activated_at=LONG_AGO, **terms)
    rare = ActionType.objects.create(code="rare_request", name="Rare request")
    world.give_facts([rare], lambda _, __: {"is_billable": True})
    with connection.cursor() as cursor:
        cursor.execute(OFF)
        _earlier_periods()
        figures = _figures(actions, here) | {"anything": anything.pk}
        cursor.execute("DELETE FROM leads_delivery; SELECT setseed(0.5)")
        for name, statement in TABLES.items():
            say(f"loading {name}")
            cursor.execute(statement, figures)
            cursor.execute("ANALYZE leads_lead, leads_action, leads_billingperiod, leads_product, leads_actiontype")
        say("loading invoices")
        _invoices()
        cursor.execute(ON)
    execute("VACUUM ANALYZE")
    say("rating the last month")
    work([[period.pk for period in lasts[0::2]], [period.pk for period in lasts[1::2]]])
    execute("VACUUM ANALYZE")
    say("billing the largest period")
    close(lasts[0], at=NOVEMBER_3)
    return lasts[0]


def _figures(actions: int, here: world.World) -> dict[str, object]:
    """What the statements are told."""
    zone = Customer.objects.earliest("pk").zone
    return {
        "actions": actions,
        "leads": int(actions / ACTIONS_A_LEAD),
        "items": actions // 50,
        "deeds": actions // 10,
        "first": MONTHS[0].span(zone).start,
        "last": LAST.span(zone).start,
        "end": MONTHS[-1].span(zone).end,
        "last_label": str(LAST),
        "zone": str(zone),
        "source": min(each.pk for each in here.sources),
        "sources": len(here.sources),
        "others": world.CUSTOMERS - 1,
        "person": _person(),
    }


def _earlier_periods() -> None:
    BillingPeriod.objects.bulk_create(
        BillingPeriod(customer=customer, label=str(month), start_at=span.start, end_at=span.end)
        for month in MONTHS[:-1]
        for customer in Customer.objects.all()
        for span in [month.span(customer.zone)]
    )
    Customer.objects.update(billed_from=MONTHS[0].first)


def _invoices() -> None:
    """A draft of each earlier period, with twenty lines and five emails."""
    drafts = Invoice.objects.bulk_create(
        Invoice(customer_id=customer, period_id=period, currency="USD")
        for period, customer in BillingPeriod.objects.exclude(label=str(LAST)).values_list("pk", "customer")
    )
    InvoiceLine.objects.bulk_create(
        (
            InvoiceLine(
                invoice=each,
                position=n,
                kind="not_charged",
                reason=f"reason_{n}",
                amount=0,
                description="Sample orders",
            )
            for each in drafts
            for n in range(20)
        ),
        batch_size=5_000,
    )
    InvoiceMail.objects.bulk_create(
        (
            InvoiceMail(
                invoice=each,
                request=uuid4(),
                to=["books@customer.example"],
                subject="Invoice",
                body="Please find it attached.",
                message_id=f"<{each.pk}-{n}@localhost>",
                requested_at=NOVEMBER_3,
                state="waiting",
                next_attempt_at=NOVEMBER_3,
            )
            for each in drafts
            for n in range(5)
        ),
        batch_size=5_000,
    )


def _person() -> int:
    return User.objects.create(username="olga", first_name="Olga").pk
