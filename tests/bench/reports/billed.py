"""What stands beside the charges of the two years: tallies, invoices with their lines, and deliveries."""

from django.db import connection

TABLES = ("pricing_periodtally", "invoices_invoice", "invoices_invoiceline", "leads_delivery")
TALLIES = """
    INSERT INTO pricing_periodtally (period_id, actions, charged, excluded, unrated, amount, rated_at)
    SELECT period_id, sum(actions), sum(actions) FILTER (WHERE outcome IN ('charged', 'included')),
           sum(actions) FILTER (WHERE outcome NOT IN ('charged', 'included', 'unrated')),
           sum(actions) FILTER (WHERE outcome = 'unrated'), sum(amount), now()
      FROM (SELECT period_id, outcome, actions, amount FROM pricing_monthlyactivity
            UNION ALL
            SELECT period.id, outcome, 0, 0 FROM leads_billingperiod period
             CROSS JOIN unnest(ARRAY['charged', 'voided', 'unrated']) outcome) of_period
     GROUP BY 1
"""
# Approved, so that none needs a number. Each has the ID of its period.
INVOICES = """
    INSERT INTO invoices_invoice (id, customer_id, period_id, state, currency, subtotal, tax, credit, total, tax_exempt_reason,
                                  seller, bill_to, created_at, approved_at)
    SELECT period.id, period.customer_id, period.id, 'approved', customer.currency, 0, 0, 0, 0, '', '{}', '{}', period.end_at,
           period.end_at
      FROM leads_billingperiod period JOIN leads_customer customer ON customer.id = period.customer_id
     WHERE period.end_at <= %(at)s
"""
LINES = """
    INSERT INTO invoices_invoiceline (invoice_id, position, kind, description, product_id, action_type_id, rule_id, reason,
                                      late_from, actions, quantity, unit, exact_amount, amount, detail)
    SELECT period_id, row_number() OVER (PARTITION BY period_id), kind, 'A line of ' || actions || ' actions', product_id,
           action_type_id, rule_id, reason, late_from, actions, quantity, '', amount, round(amount, 2), '[]'
      FROM (SELECT activity.period_id, CASE WHEN outcome IN ('charged', 'included') THEN 'charges' ELSE 'not_charged' END AS kind,
                   product_id, action_type_id, rule_id,
                   CASE WHEN outcome IN ('charged', 'included') THEN '' ELSE outcome END AS reason,
                   CASE WHEN to_char(activity.month, 'YYYY-MM') < period.label THEN activity.month::text ELSE '' END AS late_from,
                   sum(actions) AS actions, sum(quantity) AS quantity, sum(amount) AS amount
              FROM pricing_monthlyactivity activity
              JOIN invoices_invoice invoice ON invoice.period_id = activity.period_id
              JOIN leads_billingperiod period ON period.id = activity.period_id
             WHERE outcome <> 'unrated'
             GROUP BY 1, 2, 3, 4, 5, 6, 7) line;
    UPDATE invoices_invoice invoice SET subtotal = line.amount, total = line.amount
      FROM (SELECT invoice_id, sum(amount) AS amount FROM invoices_invoiceline GROUP BY 1) line WHERE line.invoice_id = invoice.id
"""
# One for each lead, as its first delivery; two of a hundred items wait in quarantine.
DELIVERIES = """
    INSERT INTO leads_delivery (id, source_id, received_at, name, content_type, body, body_size, body_sha256,
                                leads_received, leads_created, leads_updated, leads_duplicate, leads_quarantined,
                                actions_received, actions_created, actions_duplicate, actions_quarantined)
    SELECT lead.delivery_id, lead.source_id, lead.received_at, '', 'application/json', '', 0, '',
           1, 1, 0, 0, 0, %(a_lead)s, %(a_lead)s - (lead.id %% 10 = 3)::int, 0, (lead.id %% 10 = 3)::int
      FROM leads_lead lead
"""


def bill(asked: dict[str, object]) -> None:
    """Add them, with triggers off."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        for statement in (TALLIES, INVOICES, LINES, DELIVERIES):
            cursor.execute(statement, asked)
        cursor.execute("SET session_replication_role = origin")
