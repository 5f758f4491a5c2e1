"""No admin page needs more queries because it has more rows to show."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from billing_engine.accounts.models import Invitation
from billing_engine.core.deeds.record import record
from billing_engine.core.deeds.verbs import Verb
from billing_engine.core.models import Deed, ListColumns
from invoices.models import BillingSchedule
from leads.models import Customer, MappingRevision
from receivables.domain.credit_notes.issuing import approve
from receivables.domain.ledger.allocations import Match, match
from receivables.models import CreditNote, LedgerDocument
from reports.models import ReportSchedule
from tests.factories.approvals import ApprovalRequestFactory, ApprovalThresholdFactory
from tests.factories.books import AccountMappingFactory, BookExportFactory
from tests.factories.exports import ExportFactory
from tests.factories.invoices import (
    BillingCycleFactory,
    BillingRunItemFactory,
    CycleStepFactory,
    InvoiceLineFactory,
    InvoiceMailFactory,
    MailTemplateFactory,
)
from tests.factories.leads import (
    ActionFactory,
    ActionTypeFactory,
    ApiKeyFactory,
    ArchiveRunFactory,
    BulkRetryFactory,
    CompanyFactory,
    CustomerFactory,
    CustomerKeyFactory,
    DeliveryFactory,
    ErasureFactory,
    FileImportFactory,
    HookFactory,
    HookRefusalFactory,
    LeadFactory,
    ProductFactory,
    QuarantinedItemFactory,
    QuarantineStepFactory,
    SigningSecretFactory,
    SourceFactory,
    SourceMappingFactory,
)
from tests.factories.online import OnlineEventFactory
from tests.factories.people import GroupFactory, UserFactory, superuser
from tests.factories.pricing import (
    ChargeFactory,
    PeriodTallyFactory,
    PriceCheckFactory,
    PriceRuleFactory,
    PriceTierFactory,
    RuleImportFactory,
    SimulatedMoveFactory,
    SimulatedSumFactory,
    UnratedActionFactory,
)
from tests.factories.receivables import DisputeFactory, ReasonFactory
from tests.factories.reminders import (
    ReminderFactory,
    ReminderPauseFactory,
    ReminderRunFactory,
    ReminderScheduleFactory,
    ReminderTimetableFactory,
    StatementMailFactory,
    TopicEmailFactory,
)
from tests.factories.reports import AlertFactory, ReportMailingFactory, ReportScheduleFactory
from tests.factories.webhooks import WebhookDeliveryFactory, WebhookEndpointFactory
from tests.receivables.credit_notes.made import a_draft_note, an_issued_invoice
from tests.receivables.made import a_document
from tests.receivables.payments import banks

Make = Callable[..., Any]
numbers = iter(range(1, 10_000))
NOW = datetime(2026, 11, 3, tzinfo=UTC)
MEASURED = Verb("deed_measured", "Measured")


def a_deed() -> Deed:
    return record(MEASURED, on=CustomerFactory.create(), by=UserFactory.create(), reason="Because")


def a_user_with_a_role() -> User:
    user = UserFactory.create()
    user.groups.add(GroupFactory.create())
    return user


def a_role_somebody_has() -> Model:
    return a_user_with_a_role().groups.get()


def a_role_of(group: Any) -> None:
    UserFactory.create().groups.add(group)


def an_invitation() -> Model:
    made = Invitation.objects.create(
        email=f"new{next(numbers)}@swatchyard.example",
        name="Nadia New",
        invited_by=UserFactory.create(),
        invited_at=NOW,
        sent_at=NOW,
        expires_at=NOW + timedelta(days=7),
    )
    made.roles.add(GroupFactory.create())
    return made


def a_session_of(user: User) -> None:
    UserSession.objects.create(user=user, ip="203.0.113.9", session_key=f"key{next(numbers)}", user_agent="Firefox")


def a_conflict() -> Model:
    return QuarantinedItemFactory.create(stored_action=ActionFactory.create())


def a_rule_of_its_own_customer() -> Model:
    return PriceTierFactory.create(
        rule__customer=(product := ProductFactory.create()).customer,
        rule__product=product,
        rule__source=SourceFactory.create(),
        rule__action_type=ActionTypeFactory.create(code=f"kind_{next(numbers)}"),
    ).rule


def a_task() -> PeriodicTask:
    hourly = CrontabSchedule.objects.create(minute=str(next(numbers) % 60))
    return PeriodicTask.objects.create(name=f"task {next(numbers)}", task="invoices.sweep", crontab=hourly)


def a_credit_note() -> CreditNote:
    by = UserFactory.create()
    note = a_draft_note(by, an_issued_invoice(by, {"Ash": "5.00"}), {"Ash": "5.00"})
    return approve(note, by=UserFactory.create(), at=NOW)


def a_schedule() -> BillingSchedule:
    """Each kind has one; those beyond the three only add rows."""
    taken = set(BillingSchedule.objects.values_list("cycle", flat=True))
    return BillingSchedule.objects.create(
        cycle=next(kind for kind in (*Customer.Cycle.values, "a", "b", "c") if kind not in taken)
    )


def a_mailed_schedule() -> ReportSchedule:
    made: ReportSchedule = ReportMailingFactory.create().schedule
    made.recipients.add(UserFactory.create())
    return made


def a_matched_payment() -> Model:
    payment = a_document(customer := CustomerFactory.create(), LedgerDocument.Kind.PAYMENT, 5)
    refund = a_document(customer, LedgerDocument.Kind.REFUND, 5)
    match([Match(payment, refund, payment.amount)], on=payment.posted_on, at=NOW)
    return payment


# One row of each model with all its optional parts, by the model's label.
ROWS: dict[str, Make] = {
    "accounts.Invitation": an_invitation,
    "auth.User": a_user_with_a_role,
    "auth.Group": a_role_somebody_has,
    "core.Deed": a_deed,
    "core.ApprovalRequest": ApprovalRequestFactory.create,
    "leads.ApprovalThreshold": ApprovalThresholdFactory.create,
    "leads.Action": lambda: ChargeFactory.create().action,
    "leads.ActionType": lambda: ActionTypeFactory.create(code=f"kind_{next(numbers)}"),
    "leads.ApiKey": lambda: ApiKeyFactory.create(created_by=UserFactory.create()),
    "leads.Hook": lambda: HookFactory.create(created_by=UserFactory.create()),
    "leads.BillingPeriod": lambda: PeriodTallyFactory.create().period,
    "leads.ArchiveRun": lambda: ArchiveRunFactory.create(started_by=UserFactory.create()),
    "leads.FileImport": lambda: FileImportFactory.create(asked_by=UserFactory.create()),
    "leads.Erasure": lambda: ErasureFactory.create(asked_by=UserFactory.create()),
    "leads.BulkRetry": lambda: BulkRetryFactory.create(started_by=UserFactory.create()),
    "leads.Company": CompanyFactory.create,
    "leads.Customer": CustomerFactory.create,
    "leads.CustomerKey": lambda: CustomerKeyFactory.create(created_by=UserFactory.create()),
    "leads.Delivery": DeliveryFactory.create,
    "leads.Lead": LeadFactory.create,
    "leads.Product": ProductFactory.create,
    "leads.QuarantinedItem": a_conflict,
    "leads.SigningSecret": lambda: SigningSecretFactory.create(created_by=UserFactory.create()),
    "leads.Source": lambda: SourceFactory.create(customer=CustomerFactory.create()),
    "leads.SourceMapping": SourceMappingFactory.create,
    "pricing.Charge": ChargeFactory.create,
    "pricing.PriceCheck": lambda: PriceCheckFactory.create(source=SourceFactory.create()),
    "pricing.PriceRule": a_rule_of_its_own_customer,
    "pricing.RuleImport": RuleImportFactory.create,
    "pricing.Simulation": lambda: SimulatedSumFactory.create().simulation,
    "pricing.UnratedAction": UnratedActionFactory.create,
    "invoices.BillingCycle": BillingCycleFactory.create,
    "receivables.Reminder": ReminderFactory.create,
    "receivables.ReminderPause": ReminderPauseFactory.create,
    "receivables.ReminderRun": ReminderRunFactory.create,
    "receivables.ReminderSchedule": ReminderScheduleFactory.create,
    "receivables.ReminderTimetable": ReminderTimetableFactory.create,
    "receivables.StatementMail": StatementMailFactory.create,
    "receivables.TopicEmail": TopicEmailFactory.create,
    "receivables.Dispute": DisputeFactory.create,
    "receivables.Reason": ReasonFactory.create,
    "receivables.WebhookDelivery": WebhookDeliveryFactory.create,
    "receivables.WebhookEndpoint": WebhookEndpointFactory.create,
    "receivables.LedgerDocument": a_matched_payment,
    "receivables.BankAccount": lambda: banks.a_booked_row().statement.account,
    "receivables.BankFile": lambda: banks.a_booked_row().statement.file,
    "receivables.BankRow": banks.a_booked_row,
    "receivables.CsvMapping": lambda: banks.a_mapping(name=f"Mapping {next(numbers)}"),
    "receivables.OnlineEvent": lambda: OnlineEventFactory.create(document=a_matched_payment(), state="partly"),
    "receivables.Payment": banks.a_payment,
    "receivables.WriteOff": banks.a_write_off,
    "reports.Alert": AlertFactory.create,
    "django_celery_beat.CrontabSchedule": lambda: a_task().crontab,
    "django_celery_beat.IntervalSchedule": lambda: IntervalSchedule.objects.create(every=next(numbers), period="days"),
    "django_celery_beat.PeriodicTask": a_task,
    "invoices.BillingRun": lambda: BillingRunItemFactory.create().run,
    "invoices.BillingSchedule": a_schedule,
    "invoices.Invoice": lambda: InvoiceLineFactory.create().invoice,
    "invoices.InvoiceMail": lambda: InvoiceMailFactory.create(requested_by=UserFactory.create()),
    "invoices.MailTemplate": lambda: MailTemplateFactory.create(customer=CustomerFactory.create()),
    "invoices.InvoiceLine": lambda: InvoiceLineFactory.create(product=ProductFactory.create()),
    "receivables.AccountMapping": AccountMappingFactory.create,
    "receivables.BookExport": BookExportFactory.create,
    "receivables.CreditNote": a_credit_note,
    "reports.Export": ExportFactory.create,
    "reports.SavedReport": lambda: ReportScheduleFactory.create(report__is_shared=True).report,
    "reports.ReportSchedule": a_mailed_schedule,
}

# What a row's own page lists, if anything.
PARTS: dict[str, Make] = {
    "accounts.Invitation": lambda invitation: invitation.roles.add(GroupFactory.create()),
    "auth.User": lambda user: (user.groups.add(GroupFactory.create()), a_session_of(user)),
    "auth.Group": a_role_of,
    "leads.Delivery": lambda delivery: QuarantinedItemFactory.create(delivery=delivery),
    "leads.Hook": lambda hook: HookRefusalFactory.create(hook=hook),
    "leads.Lead": lambda lead: ChargeFactory.create(
        action__lead=lead,
        action__action_type=ActionTypeFactory.create(code=f"kind_{next(numbers)}"),
        rule__priority=next(numbers),
    ),
    "leads.QuarantinedItem": lambda item: QuarantineStepFactory.create(item=item, by=UserFactory.create()),
    "leads.Source": lambda source: (
        ApiKeyFactory.create(source=source, created_by=UserFactory.create()),
        HookFactory.create(source=source, created_by=UserFactory.create()),
        SigningSecretFactory.create(source=source, created_by=UserFactory.create()),
    ),
    "leads.SourceMapping": lambda mapping: MappingRevision.objects.create(
        mapping=mapping,
        number=next(numbers) + 1,
        document={},
        reason="Why",
        written_at=NOW,
        written_by=UserFactory.create(),
    ),
    "pricing.PriceRule": lambda rule: (
        PriceTierFactory.create(rule=rule),
        PriceRuleFactory.create(draft=True, first_revision=rule, customer=rule.customer),
    ),
    "pricing.Simulation": lambda simulation: (
        SimulatedSumFactory.create(simulation=simulation),
        SimulatedMoveFactory.create(simulation=simulation),
    ),
    "reports.SavedReport": lambda report: ReportScheduleFactory.create(report=report, owner=UserFactory.create()),
    "reports.ReportSchedule": lambda row: (
        ReportMailingFactory.create(schedule=row),
        row.recipients.add(UserFactory.create()),
    ),
    "invoices.BillingCycle": lambda cycle: (
        CycleStepFactory.create(cycle=cycle),
        InvoiceLineFactory.create(invoice__period__label=cycle.label),
        BillingRunItemFactory.create(period__label=cycle.label, state="failed", message="Why", settled_at=NOW),
    ),
    "invoices.BillingRun": lambda run: BillingRunItemFactory.create(run=run),
    "invoices.Invoice": lambda invoice: (
        InvoiceLineFactory.create(invoice=invoice, product=ProductFactory.create()),
        InvoiceMailFactory.create(invoice=invoice, requested_by=UserFactory.create()),
    ),
}

EVERY_PAGE = sorted(model._meta.label for model in admin.site._registry)
WITH_MORE_COLUMNS = sorted(
    model._meta.label for model, page in admin.site._registry.items() if getattr(page, "list_offered", ())
)


@pytest.fixture
def client_of_a_superuser(client: Client, db: None) -> Client:
    client.force_login(superuser())
    client.get(reverse("admin:index"))  # once per process
    return client


def queries(client: Client, address: str) -> list[str]:
    with CaptureQueriesContext(connection) as asked:
        response = client.get(address)
        b"".join(response)  # a file asks while it is read
    assert response.status_code == 200, address
    return [query["sql"] for query in asked]


def test_every_page_of_the_admin_is_measured() -> None:
    assert sorted(ROWS) == EVERY_PAGE


@pytest.mark.parametrize("label", EVERY_PAGE)
def test_a_list_asks_as_often_for_three_rows_as_for_one(client_of_a_superuser: Client, label: str) -> None:
    make = ROWS[label]
    address = _address(make(), "changelist")
    queries(client_of_a_superuser, address)
    one = queries(client_of_a_superuser, address)
    make(), make()
    three = queries(client_of_a_superuser, address)
    assert len(three) == len(one), _more(one, three)


@pytest.mark.parametrize("label", WITH_MORE_COLUMNS)
def test_a_list_with_all_its_columns_and_its_file_ask_as_often_for_three_rows_as_for_one(
    client: Client, db: None, label: str
) -> None:
    person, make, page = superuser(), ROWS[label], admin.site.get_model_admin(apps.get_model(label))
    columns = [*page.list_display, *getattr(page, "list_offered", ())]
    ListColumns.objects.create(person=person, listed=label.lower(), columns=columns)
    client.force_login(person)
    row = make()

    for address in (_address(row, "changelist"), _address(row, "export_list")):
        queries(client, address)
        one = queries(client, address)
        make(), make()
        three = queries(client, address)
        assert len(three) == len(one), _more(one, three)


@pytest.mark.parametrize("label", EVERY_PAGE)
def test_a_page_asks_as_often_with_three_parts_as_with_one(client_of_a_superuser: Client, label: str) -> None:
    make, add = ROWS[label], PARTS.get(label, id)
    row = make()
    add(row)
    address = _address(row, "change", row.pk)
    queries(client_of_a_superuser, address)
    one = queries(client_of_a_superuser, address)
    add(row), add(row), make(), make()
    queries(client_of_a_superuser, address)  # the first time, a process reads the rules and the catalog again
    three = queries(client_of_a_superuser, address)
    assert len(three) == len(one), _more(one, three)


def _address(row: Model, page: str, *arguments: object) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_{page}", args=arguments)


def _more(one: list[str], three: list[str]) -> str:
    tables = [sql.split(" FROM ")[-1][:80] for sql in three]
    return f"{len(one)} → {len(three)}:\n" + "\n".join(sorted(tables))
