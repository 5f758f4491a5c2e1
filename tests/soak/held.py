"""Run the checks on the stored data, if possible by plain SQL, independent of the engine's code."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from email.message import EmailMessage
from typing import Any, NamedTuple

from django.db import connection

from invoices.models import InvoiceMail
from leads.models import BillingPeriod
from pricing.domain.audit.prove import prove
from reports.queries.sums.invariants import invariants
from tests.soak import checks, quiet
from tests.soak.ledger import Key, Ledger, Sent
from tests.soak.recount import Charged, Quote, recount

ACTIONS = """
    SELECT source.code, lead.external_id, action.external_id, kind.code, action.quantity, action.occurred_at,
           action.voided_at IS NOT NULL
      FROM leads_action action
      JOIN leads_lead lead ON lead.id = action.lead_id
      JOIN leads_source source ON source.id = lead.source_id
      JOIN leads_actiontype kind ON kind.id = action.action_type_id
"""
CHARGED = """
    SELECT action.id, period.id, customer.code, customer.time_zone, kind.code, action.quantity, action.occurred_at,
           action.voided_at IS NOT NULL AND NOT action.voided_after_close, lead.id, lead.person_key,
           charge.amount, coalesce(charge.reason, '')
      FROM leads_action action
      JOIN leads_lead lead ON lead.id = action.lead_id
      JOIN leads_actiontype kind ON kind.id = action.action_type_id
      JOIN leads_billingperiod period ON period.id = action.period_id
      JOIN leads_customer customer ON customer.id = period.customer_id
      LEFT JOIN pricing_charge charge ON charge.action_id = action.id
     ORDER BY period.id, action.occurred_at, action.id
"""
# Prices that depend on charges of other periods: once per person, and a limit per lead.
CARRYING = """
    SELECT action.id FROM leads_action action JOIN leads_actiontype kind ON kind.id = action.action_type_id
     WHERE kind.code = 'sample_order'
"""
QUOTES = """
    SELECT customer.code, rule.wall_from, rule.wall_to, rule.unit_price
      FROM pricing_pricerule rule JOIN leads_customer customer ON customer.id = rule.customer_id
     WHERE rule.state <> 'draft'
"""
# In a later period than its time, only because that one was closed when it arrived.
ELSEWHERE = """
    SELECT action.id, period.label
      FROM leads_action action
      JOIN leads_lead lead ON lead.id = action.lead_id
      JOIN leads_product product ON product.id = lead.product_id
      JOIN leads_billingperiod period ON period.id = action.period_id
     WHERE period.customer_id <> product.customer_id
        OR NOT (action.occurred_at >= period.start_at AND action.occurred_at < period.end_at)
           AND NOT EXISTS (
               SELECT FROM leads_billingperiod own
                WHERE own.customer_id = product.customer_id
                  AND action.occurred_at >= own.start_at AND action.occurred_at < own.end_at
                  AND (own.state = 'closed'
                       OR EXISTS (SELECT FROM core_deed deed
                                   WHERE deed.verb IN ('period_reopened', 'invoice_voided')
                                     AND deed.objects @> ARRAY['leads.billingperiod:' || own.id]::varchar[])))
"""
LIVE = "SELECT period_id FROM invoices_invoice WHERE state <> 'void'"
NUMBERS = "SELECT series_id, serial, number FROM invoices_invoice WHERE number IS NOT NULL"
SERIES = "SELECT id, last FROM invoices_numberseries"
WITHOUT_PDF = """
    SELECT number FROM invoices_invoice invoice
     WHERE number IS NOT NULL AND NOT EXISTS (
           SELECT FROM invoices_invoicedocument document
            WHERE document.invoice_id = invoice.id AND document.kind = 'invoice' AND document.state = 'kept'
              AND encode(sha256(document.content), 'hex') = document.sha256)
"""
VOID_WITHOUT_MARK = """
    SELECT number FROM invoices_invoice invoice
     WHERE state = 'void' AND NOT EXISTS (
           SELECT FROM invoices_invoicedocument document
            WHERE document.invoice_id = invoice.id AND document.kind = 'void' AND document.state = 'kept')
"""
MAILED_TWICE = """
    SELECT invoice_id, count(*) FROM invoices_invoicemail WHERE state = 'sent' GROUP BY 1 HAVING count(*) > 1
"""


class Held(NamedTuple):
    """One check: its subject, what it looked at, and its violations."""

    name: str
    looked_at: str
    faults: Sequence[str]


def held(ledger: Ledger, arrived: Sequence[EmailMessage]) -> list[Held]:
    """Run all checks, with one query each."""
    return [
        *_action_tasks(ledger),
        _of_work(),
        *_of_invoices(ledger),
        _of_mails(arrived),
        _of_proofs(),
        _of_invariants(),
        _of_charges(),
    ]


def _action_tasks(ledger: Ledger) -> list[Held]:
    rows = _rows(ACTIONS)
    stored = [(Key(*row[:3]), Sent(*row[3:6])) for row in rows]
    voided = [Key(*row[:3]) for row in rows if row[6]]
    elsewhere = [f"action {action} is in {label}" for action, label in _rows(ELSEWHERE)]
    return [
        Held("no unexpected errors", "", ledger.faults),
        Held("every delivery got a response", f"{ledger.done['deliveries']:,} deliveries", ledger.unanswered),
        Held(
            "every acknowledged action is stored once, none is missing",
            f"{len(ledger.acknowledged):,} acknowledged, {len(stored):,} stored",
            checks.acknowledged_once(ledger.acknowledged, ledger.created, stored),
        ),
        Held("every acknowledged void is stored", f"{len(voided):,} voids", checks.taken_back(ledger.voided, voided)),
        Held("every action is in the period of its time, unless that was closed", "", elsewhere),
    ]


def _of_work() -> Held:
    left = quiet.left()
    return Held(
        "nothing is waiting", ", ".join(f"{name} {count}" for name, count in left.items()), checks.nothing_waits(left)
    )


def _of_invoices(ledger: Ledger) -> list[Held]:
    live = [period for (period,) in _rows(LIVE)]
    numbers = [checks.Number(*row) for row in _rows(NUMBERS)]
    return [
        Held("no period has two live invoices", f"{len(live):,} live invoices", checks.one_live_invoice(live)),
        Held(
            "numbers without gap or double",
            f"{len(numbers):,} numbers",
            checks.without_gap(numbers, last=dict(_rows(SERIES)), told=ledger.issued),
        ),
        Held(
            "every number has its PDF, every void one its mark",
            "",
            [
                *(f"{number} has no PDF" for (number,) in _rows(WITHOUT_PDF)),
                *(f"{number} has no PDF that says it is void" for (number,) in _rows(VOID_WITHOUT_MARK)),
            ],
        ),
    ]


def _of_mails(arrived: Sequence[EmailMessage]) -> Held:
    copies = [checks.Copy(message["Message-ID"], _digest(message)) for message in arrived]
    mails = list(InvoiceMail.objects.values_list("message_id", "state", "interrupted", "may_have_arrived"))
    faults = checks.mailed_once(
        copies,
        sent=Counter(message_id for message_id, state, *_ in mails if state == "sent"),
        interrupted={message_id for message_id, _, interrupted, in_doubt in mails if interrupted or in_doubt},
    )
    faults += [f"invoice {invoice} was sent by {count} emails" for invoice, count in _rows(MAILED_TWICE)]
    return Held("no email arrived twice", f"{len(copies):,} emails arrived, {len(mails):,} were requested", faults)


def _digest(message: EmailMessage) -> str:
    """Hash what the recipient gets: addresses, subject, text and attachments, but not the date, which is per attempt."""
    found = hashlib.sha256(f"{message['To']}\n{message['Subject']}".encode())
    for part in message.walk():
        if not part.is_multipart():
            found.update(part.get_payload(decode=True) or b"")  # type: ignore[arg-type]  # bytes, where decoded
    return found.hexdigest()


def _of_proofs() -> Held:
    faults, doubted = list[str](), 0
    carrying = {action for (action,) in _rows(CARRYING)}
    closed = list(BillingPeriod.objects.closed().select_related("customer").order_by("pk"))
    for period in closed:
        proof = prove(period)
        differing = [one.action for one in proof.differences]
        if proof.doubts and carrying.issuperset(differing):
            # Carried over from a period that was closed or reopened later: the proof says so and names it.
            doubted += not proof.holds
        elif not proof.holds:
            faults.append(f"{period}: {proof.differing} of {proof.actions} differ, first {proof.differences[0]}")
    told = f", {doubted} differ by what a period billed later carries over" if doubted else ""
    return Held("every closed period proves", f"{len(closed):,} closed periods{told}", faults)


def _of_invariants() -> Held:
    found = invariants()
    faults = [
        f"{one.number}. {one.left} = {one.right}: {[breach.words for breach in one.breaches[:3]] or one.sides}"
        for one in found
        if not one.holds
    ]
    return Held("check_invariants holds", f"{len(found)} sums", faults)


def _of_charges() -> Held:
    quotes = dict[str, list[Quote]]()
    for customer, *price in _rows(QUOTES):
        quotes.setdefault(customer, []).append(Quote(*price))
    found = recount([Charged(*row) for row in _rows(CHARGED)], quotes)
    looked_at = f"{found.exactly:,} to the sixth digit, {found.by_limits:,} within their limits"
    return Held("recalculated charges are the same", looked_at, found.faults)


def _rows(sql: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())
