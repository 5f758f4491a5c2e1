"""For each queue a piece of waiting work, and the state once it is done exactly once."""

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from billing_engine.core.calendar.spans import Month
from billing_engine.core.models import Deed
from invoices.domain.mail.request import send
from invoices.domain.month_close.bulk_action import start_bulk_action
from invoices.domain.month_close.close_month import create_missing_months
from invoices.domain.run.billing_run import start
from invoices.models import (
    BillingCycle,
    BillingRun,
    BillingRunItem,
    CycleStep,
    Invoice,
    InvoiceDocument,
    InvoiceLine,
    InvoiceMail,
)
from leads.domain.periods import mark_unrated
from leads.domain.quarantine.bulk_retry import start_retry
from leads.models import (
    Action,
    BillingPeriod,
    BulkRetry,
    Lead,
    Notice,
    Product,
    QuarantinedItem,
    QuarantineStep,
    UnratedMark,
)
from pricing.domain.rate.rate import rate
from pricing.domain.rule_book.sheet.imports import confirm_import
from pricing.domain.simulation.simulate import start as simulate
from pricing.models import (
    Charge,
    PeriodTally,
    PriceRule,
    RatingAttempts,
    RuleImport,
    RuleUse,
    SimulatedCustomer,
    SimulatedSum,
    Simulation,
)
from receivables.domain.exports.ask import Asked
from receivables.domain.exports.ask import ask as ask_for_books
from receivables.domain.papers.mail import send as send_paper
from receivables.domain.papers.store import PAPERS
from receivables.domain.payments.bank_files.upload import confirm as confirm_bank_file
from receivables.domain.payments.bank_files.upload import upload
from receivables.models import (
    AccountMapping,
    Allocation,
    BankFile,
    BankRow,
    BookExport,
    ExportedDocument,
    LedgerDocument,
    Paper,
    PaperMail,
)
from reports.domain.alerts.evaluate import evaluate
from reports.domain.alerts.subscriptions import choose_kinds
from reports.domain.exports.ask import ask
from reports.domain.saved.schedules import pause, run_now
from reports.models import AlertMail, Export, ExportPart, ReportMailing
from tests.factories.leads import (
    ActionFactory,
    ActionTypeFactory,
    CustomerFactory,
    DeliveryFactory,
    ProductFactory,
    QuarantinedItemFactory,
    SourceFactory,
)
from tests.factories.people import UserFactory, with_role
from tests.factories.pricing import PriceRuleFactory, RuleImportFactory
from tests.factories.reports import a_reader
from tests.invoices.made import IN_OCTOBER, a_draft, approved, issued, printed
from tests.leads.quarantine.test_settle import action, lead
from tests.leads.quarantine.test_settle import send as deliver
from tests.receivables.credit_notes.made import an_issued_invoice, an_issued_note
from tests.receivables.payments import banks
from tests.reports.saved.made import scheduled

NOVEMBER_3 = datetime(2026, 11, 3, 12, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Case:
    """A piece of work, its result once done, and what users see once every worker has died over it."""

    make: Callable[[], object]
    facts: Callable[[], Any]
    done: Any
    given_up: Any = None  # work without attempts is repeated until done
    deaths: int = 3
    least_kills: int = 10  # a way of fewer statements was not walked to its end


def a_bill() -> None:
    PriceRuleFactory.create()
    ActionFactory.create()
    start(Month(2026, 10), by=None, at=NOVEMBER_3)


def two_bills_at_once() -> None:
    PriceRuleFactory.create()
    ActionFactory.create_batch(2)
    start(Month(2026, 10), by=None, at=NOVEMBER_3)


def bills() -> Any:
    return (
        list(BillingRunItem.objects.values_list("state", "code")),
        list(Invoice.objects.values_list("state", "total")),
        InvoiceLine.objects.count(),
        list(BillingPeriod.objects.values_list("state", flat=True)),
        BillingRun.objects.get().finished_at is not None,
    )


def two_invoices_to_issue() -> None:
    frank = with_role("Finance")
    for name in ("Ash", "Birch"):
        approved(a_draft(name=name), frank)
    create_missing_months()
    start_bulk_action(BillingCycle.objects.get(label="2026-10"), BillingCycle.BulkAction.ISSUE, by=frank, at=NOVEMBER_3)


def bulk_actions() -> Any:
    step = CycleStep.objects.get(kind="issue")
    return (
        list(Invoice.objects.order_by("customer__name").values_list("state", "number")),
        step.done,
        list(step.skipped.order_by("pk").values_list("invoice__customer__name", "code")),
        BillingCycle.objects.get(label="2026-10").bulk_action,
    )


def a_document() -> None:
    issued(a_draft(), with_role("Finance"))


def documents() -> Any:
    return list(InvoiceDocument.objects.values_list("kind", "state", "reason"))


def a_paper() -> None:
    frank = with_role("Finance")
    an_issued_note(frank, an_issued_invoice(frank, {"Ash": "5.00"}), {"Ash": "5.00"}, at=NOVEMBER_3)


def a_paper_to_mail() -> None:
    a_paper()
    paper = Paper.objects.get()
    PAPERS.work(paper.pk, attempt=paper.attempts, at=NOVEMBER_3)
    send_paper(paper, to=["books@ash.example"], text=("Credit note", "Attached."), by=None, at=NOVEMBER_3)


def a_mail() -> None:
    frank = with_role("Finance")
    invoice = issued(a_draft(billing_contacts=["books@ash.example"]), frank)
    printed(invoice)
    send(invoice, by=frank, at=NOVEMBER_3)


def mails() -> Any:
    return list(InvoiceMail.objects.values_list("state", "accepted", "reason"))


def a_notice() -> None:
    customer = CustomerFactory.create()
    to, subject = ["books@ash.example"], "Your billing details change"
    Notice.objects.create(
        customer=customer, to=to, subject=subject, body="…", requested_at=NOVEMBER_3, next_attempt_at=NOVEMBER_3
    )


def notices() -> Any:
    return [(notice.settled_at is not None, notice.failure) for notice in Notice.objects.all()]


def two_items_to_retry() -> None:
    ActionTypeFactory.create(code="sample_order")
    source = SourceFactory.create()
    ProductFactory.create(sku="TILE", customer=CustomerFactory.create(code="ACME"))
    deliver(source, *(lead(f"L-{number}", action(), sku="NEW") for number in range(2)))
    ProductFactory.create(sku="NEW", customer=Product.objects.get(sku="TILE").customer)
    start_retry(source, code="unknown_product", by=None, at=NOVEMBER_3)


def retries() -> Any:
    return (
        list(BulkRetry.objects.values_list("stored", "refused", "total")),
        BulkRetry.objects.get().finished_at is not None,
        (Lead.objects.count(), Action.objects.count()),
        list(QuarantinedItem.objects.values_list("state", flat=True)),
        list(QuarantineStep.objects.order_by("pk").values_list("kind", "note")),
    )


def a_simulated_customer(customers: int = 1) -> None:
    PriceRuleFactory.create()
    for _ in range(customers):
        rate(ActionFactory.create().period, at=NOVEMBER_3)
    draft = PriceRuleFactory.create(draft=True, unit_price=Decimal(3), priority=1)
    simulate([draft], months=["2026-10"], by=UserFactory.create(), at=NOVEMBER_3)


def two_simulated_customers() -> None:
    a_simulated_customer(customers=2)


def simulations() -> Any:
    return (
        list(SimulatedCustomer.objects.values_list("state", "actions_rated", "message")),
        list(SimulatedSum.objects.order_by("then_amount").values_list("now_charges", "then_charges", "then_amount")),
        Simulation.objects.get().finished_at is not None,
    )


def two_files_to_check_and_to_apply() -> None:
    by = UserFactory.create()
    confirm_import(RuleImportFactory.create(uploaded_by=by), by=by, at=NOVEMBER_3)
    RuleImportFactory.create(state="waiting", report={}, rows=0, rows_checked=0, next_attempt_at=NOVEMBER_3)


def imports() -> Any:
    found = RuleImport.objects.order_by("pk")
    return (
        list(found.values_list("state", "message")),
        [made.report.get("draft_count") for made in found],
        list(PriceRule.objects.values_list("state", "unit_price")),
        Deed.objects.filter(verb="price_rule_drafted").count(),
    )


def a_period_to_rate() -> None:
    PriceRuleFactory.create()
    ActionFactory.create()
    mark_unrated(BillingPeriod.objects.all(), reason="intake")


def ratings() -> Any:
    return (
        list(Charge.objects.values_list("amount", flat=True)),
        list(PeriodTally.objects.values_list("actions", flat=True)),
        UnratedMark.objects.count(),
        list(RatingAttempts.objects.values_list("attempts", flat=True)),
    )


def a_period_to_count() -> None:
    PriceRuleFactory.create()
    rate(ActionFactory.create().period, at=NOVEMBER_3)


def use_counts() -> Any:
    return list(RuleUse.objects.values_list("charges", "amount"))


def an_export() -> None:
    period = a_draft(1, name="Ash", code="ASH").period
    ask("explorer", f"customer={period.customer.code}&days=all", "csv", by=with_role("Finance"), at=NOVEMBER_3)


def exports() -> Any:
    return (
        list(Export.objects.values_list("state", "rows_written", "reason")),
        [zlib.decompress(part.content).count(b"\r\n") for part in ExportPart.objects.all()],
    )


def two_bank_files_to_read_and_to_book() -> None:
    customer, by = CustomerFactory.create(), UserFactory.create()
    banks.an_account()
    banks.an_invoice("INV-2026-000001", 5, customer)
    row = banks.entry("5", "INV-2026-000001")
    confirm_bank_file(banks.uploaded(banks.camt(row, closing="5"), by=by), by=by, at=NOVEMBER_3)
    upload(banks.camt(row, closing="5", number="S-2"), name="later.xml", by=by, at=NOVEMBER_3)


def bank_files() -> Any:
    return (
        list(BankFile.objects.order_by("pk").values_list("state", "message")),
        list(BankRow.objects.order_by("pk").values_list("state", flat=True)),
        list(LedgerDocument.objects.order_by("pk").values_list("kind", flat=True)),
        Allocation.objects.count(),
    )


def an_export_to_the_books() -> None:
    frank = with_role("Finance")
    issued(a_draft(), frank)
    for account, code in (("receivable", "1200"), ("revenue", "4000")):
        AccountMapping.objects.create(account=account, code=code)
    ask_for_books(Asked(BookExport.Kind.GENERAL_LEDGER, None, "2026-11"), by=frank, at=NOVEMBER_3)


def exports_to_the_books() -> Any:
    return list(BookExport.objects.values_list("state", "rows", "reason")), ExportedDocument.objects.count()


def a_report_to_mail() -> None:
    """Asked for now; its schedule is paused, so that later hours make no other email due."""
    a_draft(1, name="Ash", code="ASH")
    reader = a_reader()
    daily = scheduled(reader, question="show=amount&group=customer&period=2026-10")
    run_now(daily, by=reader, at=NOVEMBER_3)
    pause(daily, by=reader)


def mailed_reports() -> Any:
    return list(ReportMailing.objects.values_list("state", "accepted", "rows", "reason"))


def an_alert_to_mail() -> None:
    reader = a_reader()
    choose_kinds({"quarantine": "email"}, by=reader, at=IN_OCTOBER)
    delivery = DeliveryFactory.create(source=SourceFactory.create(), received_at=IN_OCTOBER)
    QuarantinedItemFactory.create(delivery=delivery, received_at=IN_OCTOBER)
    evaluate(at=NOVEMBER_3)


def mailed_alerts() -> Any:
    return list(AlertMail.objects.values_list("state", "reason"))


PASSED_OVER = ("refused_again", "Skipped after 3 attempts without an outcome.")
NEVER_FINISHED = "Started 3 times and never finished: the file takes too long, or the worker died."
NEVER_SIMULATED = "Started 3 times and never finished: the worker or the database died."
AMOUNT = Decimal("2.5")
READER = "frank@swatchyard.example"
MAILED = {"invoices.mail", "receivables.mail", "leads.notice", "reports.mail", "reports.alert_mail"}

CASES: dict[str, Case] = {
    "invoices.bill": Case(
        make=two_bills_at_once,
        facts=bills,
        done=([("billed", "")] * 2, [("draft", AMOUNT)] * 2, 2, ["closed"] * 2, True),
        given_up=([("failed", "given_up")] * 2, [], 0, ["open"] * 2, True),
        deaths=5,  # one together, then two of each alone
    ),
    "invoices.bulk_action": Case(
        make=two_invoices_to_issue,
        facts=bulk_actions,
        done=([("issued", "INV-2026-000001"), ("issued", "INV-2026-000002")], 2, [], ""),
        given_up=([("approved", None)] * 2, 0, [("Ash", "given_up"), ("Birch", "given_up")], ""),
        deaths=6,
    ),
    "invoices.render": Case(
        make=a_document,
        facts=documents,
        done=[("invoice", "kept", "")],
        given_up=[("invoice", "failed", "3 workers ended while making it.")],
    ),
    "invoices.mail": Case(
        make=a_mail,
        facts=mails,
        done=[("sent", ["books@ash.example"], "")],
        given_up=[("failed", [], "5 workers ended while sending it.")],
        deaths=5,
    ),
    "receivables.render": Case(
        make=a_paper,
        facts=lambda: list(Paper.objects.values_list("kind", "state", "reason")),
        done=[("credit_note", "kept", "")],
        given_up=[("credit_note", "failed", "3 workers ended while making it.")],
    ),
    "receivables.mail": Case(
        make=a_paper_to_mail,
        facts=lambda: list(PaperMail.objects.values_list("state", "accepted", "reason")),
        done=[("sent", ["books@ash.example"], "")],
        given_up=[("failed", [], "5 workers ended while sending it.")],
        deaths=5,
    ),
    "leads.notice": Case(
        make=a_notice,
        facts=notices,
        done=[(True, "")],
        given_up=[(True, "20 attempts ended without an outcome.")],
        deaths=20,
        least_kills=8,
    ),
    "leads.retry": Case(
        make=two_items_to_retry,
        facts=retries,
        done=([(2, 0, 2)], True, (2, 2), ["repaired"] * 2, [("repaired", "")] * 2),
        given_up=([(0, 2, 2)], True, (0, 0), ["waiting"] * 2, [PASSED_OVER] * 2),
        deaths=6,
    ),
    "pricing.simulate_customers": Case(
        make=two_simulated_customers,
        facts=simulations,
        done=([("done", 1, "")] * 2, [(1, 0, Decimal(0))] * 2 + [(0, 1, Decimal(3))] * 2, True),
        given_up=([("failed", 0, NEVER_SIMULATED)] * 2, [], True),
        deaths=5,  # first together, then each alone
    ),
    "pricing.import_rules": Case(
        make=two_files_to_check_and_to_apply,
        facts=imports,
        done=([("applied", ""), ("checked", "")], [1, 1], [("draft", Decimal("2.5"))], 1),
        given_up=([("failed", NEVER_FINISHED)] * 2, [1, None], [], 0),
        deaths=6,
    ),
    "pricing.rate_periods": Case(
        make=a_period_to_rate,
        facts=ratings,
        done=([AMOUNT], [1], 0, []),
        given_up=([], [], 1, [3]),
    ),
    "receivables.bank_files": Case(
        make=two_bank_files_to_read_and_to_book,
        facts=bank_files,
        done=([("booked", ""), ("ready", "")], ["booked", "open"], ["invoice", "payment"], 1),
        given_up=([("ready", NEVER_FINISHED), ("failed", NEVER_FINISHED)], ["open"], ["invoice"], 0),
        deaths=6,
    ),
    "reports.export": Case(
        make=an_export,
        facts=exports,
        done=([("done", 1, "")], [3]),
        given_up=([("failed", 0, "3 workers ended while writing it.")], []),
    ),
    "receivables.export_books": Case(
        make=an_export_to_the_books,
        facts=exports_to_the_books,
        done=([("done", 2, "")], 1),
        given_up=([("failed", 0, "3 workers ended while writing it.")], 0),
    ),
    "reports.mail": Case(
        make=a_report_to_mail,
        facts=mailed_reports,
        done=[("sent", [READER], 1, "")],
        given_up=[("failed", [], None, "5 workers ended while sending it.")],
        deaths=5,
    ),
    "reports.alert_mail": Case(
        make=an_alert_to_mail,
        facts=mailed_alerts,
        done=[("sent", "")],
        given_up=[("failed", "20 attempts ended without an outcome.")],
        deaths=20,
        least_kills=8,
    ),
    "pricing.count_uses": Case(make=a_period_to_count, facts=use_counts, done=[(1, AMOUNT)]),
}
