"""Two years of receivables: invoices, payments that match most of them, and open items, loaded with SQL and triggers off.

Two postings a payment and three an invoice (one tax), so 20 invoices and 20 payments of a customer are 100 postings.
"""

from datetime import date

from django.db import connection

from leads.models import Customer
from tests.bench.measure import execute, say, without_triggers
from tests.factories.leads import agree_all

TODAY = date(2026, 11, 24)
POSTINGS_A_CUSTOMER = 100
INVOICES = 20
ZONES = ("America/New_York", "Europe/Berlin", "Asia/Tokyo", "UTC")

# The k-th invoice of a customer was posted k × 36 days ago and is due 30 days later; its payment came 5 to 65 days after it,
# and the newest invoices have none yet. Every seventh payment is 10 more than its invoice.
INVOICES_SQL = """
    INSERT INTO receivables_ledgerdocument
        (kind, customer_id, currency, side, amount, reference, posted_on, due_on, recorded_at,
         invoice_id)
    SELECT 'invoice', customer.id, customer.currency, 'debit', 119 * (1 + (customer.id * 7 + nth) %% 50),
           'INV-' || customer.id || '-' || nth, day, day + 30, day + interval '12 hours',
           row_number() OVER ()  -- the invoices themselves are left out
      FROM leads_customer customer
     CROSS JOIN generate_series(1, %(invoices)s) nth
     CROSS JOIN LATERAL (SELECT %(today)s::date - ((nth - 1) * 36 + customer.id %% 30)::int AS day) posted
     ORDER BY posted.day, customer.id
"""
PAYMENTS_SQL = """
    INSERT INTO receivables_ledgerdocument (kind, customer_id, currency, side, amount, reference, posted_on, recorded_at)
    SELECT 'payment', invoice.customer_id, invoice.currency, 'credit',
           invoice.amount + CASE invoice.id %% 7 WHEN 0 THEN 10 ELSE 0 END, invoice.reference, day, day + interval '9 hours'
      FROM receivables_ledgerdocument invoice
     CROSS JOIN LATERAL (SELECT invoice.posted_on + 5 + (invoice.id * 13 %% 61)::int AS day) paid
     WHERE paid.day <= %(today)s AND invoice.id %% 23 <> 0
     ORDER BY paid.day, invoice.id
"""
MATCHES_SQL = """
    INSERT INTO receivables_allocation
        (customer_id, currency, due_on, credit_id, debit_id, amount, posted_on, recorded_at, reason)
    SELECT invoice.customer_id, invoice.currency, invoice.due_on, payment.id, invoice.id, invoice.amount, payment.posted_on,
           payment.recorded_at, ''
      FROM receivables_ledgerdocument payment
      JOIN receivables_ledgerdocument invoice
        ON invoice.kind = 'invoice' AND invoice.reference = payment.reference AND invoice.customer_id = payment.customer_id
     WHERE payment.kind = 'payment' ORDER BY payment.id
"""
POSTINGS_SQL = """
    INSERT INTO receivables_posting (document_id, account, tax, amount)
    SELECT document.id, part.account, part.tax, part.amount
      FROM receivables_ledgerdocument document
     CROSS JOIN LATERAL (VALUES
        ('invoice', 'receivable', '', document.amount), ('invoice', 'revenue', '', -document.amount / 1.19),
        ('invoice', 'tax', 'VAT 19%%', -document.amount + document.amount / 1.19),
        ('payment', 'receivable', '', -document.amount), ('payment', 'cash', '', document.amount)
     ) part (kind, account, tax, amount)
     WHERE part.kind = document.kind ORDER BY document.id
"""


def build(customers: int) -> None:
    """Load the ledger of so many customers."""
    say(f"loading {customers:,} customers with {customers * POSTINGS_A_CUSTOMER:,} postings")
    agree_all(
        Customer.objects.bulk_create(
            Customer(
                code=f"C{place}", name=f"Customer {place:05}", billed_from=date(2024, 1, 1), time_zone=ZONES[place % 4]
            )
            for place in range(customers)
        ),
        billing_contacts=["books@customer.example"],
    )
    asked = {"today": TODAY, "invoices": INVOICES}
    with without_triggers(), connection.cursor() as cursor:
        for statement in (INVOICES_SQL, PAYMENTS_SQL, MATCHES_SQL, POSTINGS_SQL):
            cursor.execute(statement, asked)
    execute("VACUUM ANALYZE")
