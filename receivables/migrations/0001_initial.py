import uuid
from decimal import Decimal
from typing import Any

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from billing_engine.core.sql_files import InstallSql

REASONS = [
    # code, name, explanation, evidence, source answers, customers may give it
    ("duplicate", "Duplicate", "We charged the same person before.", "The earlier lead, or its date.", True, True),
    ("invalid_contact", "Invalid contact", "The email address or phone number does not work.", "A bounce message, or the dates of your calls.", True, True),
    ("spam_or_bot", "Spam or bot", "The lead was not made by a person.", "What shows it.", True, True),
    ("test", "Test", "The lead was a test.", "", True, True),
    ("out_of_area", "Out of area", "The lead is outside the area you agreed on.", "The lead's place.", True, True),
    ("wrong_product", "Wrong product", "The person asked for another product.", "What the person asked for.", True, True),
    ("not_a_decision_maker", "Not a decision maker", "The person can't decide about a purchase.", "The person's role.", True, True),
    ("denies_request", "Denies request", "The person says that they did not ask.", "When and how you reached the person.", True, True),
    ("existing_customer", "Existing customer", "The person was your customer before the lead.", "Since when.", False, True),
    ("not_delivered", "Not delivered", "You did not receive the lead.", "", False, True),
    ("price_wrong", "Wrong price", "The price is not the one you agreed on.", "The price that you expected, and where it was agreed.", False, True),
    ("no_consent", "No consent", "There is no proof of the person's consent.", "", True, True),
    ("goodwill", "Goodwill", "A courtesy credit; no one made a mistake.", "", False, False),
    ("voided_action", "Voided action", "The action was voided after it was billed.", "", True, False),
]  # fmt: skip


def write_the_reasons(apps: Any, _: Any) -> None:
    """Write the reasons that every company starts with."""
    reason = apps.get_model("receivables", "Reason")
    reason.objects.bulk_create(
        reason(
            code=code,
            name=name,
            explanation=explanation,
            evidence=evidence,
            source_answers_for_it=answers,
            customers_may_give_it=by_customers,
        )
        for code, name, explanation, evidence, answers, by_customers in REASONS
    )


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("core", "0001_initial"),
        ("auth", "__first__"),
        ("invoices", "0001_initial"),
        ("leads", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="CsvMapping",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80, unique=True)),
                (
                    "encoding",
                    models.CharField(
                        choices=[("utf-8-sig", "UTF-8"), ("cp1252", "Windows (Western European)")],
                        default="utf-8-sig",
                        max_length=9,
                    ),
                ),
                (
                    "delimiter",
                    models.CharField(
                        choices=[(",", "Comma"), (";", "Semicolon"), ("\t", "Tab")], default=",", max_length=1
                    ),
                ),
                (
                    "day_format",
                    models.CharField(
                        choices=[
                            ("%Y-%m-%d", "2026-11-30"),
                            ("%m/%d/%Y", "11/30/2026"),
                            ("%d/%m/%Y", "30/11/2026"),
                            ("%d.%m.%Y", "30.11.2026"),
                            ("%d.%m.%y", "30.11.26"),
                        ],
                        default="%Y-%m-%d",
                        max_length=8,
                        verbose_name="dates look like",
                    ),
                ),
                (
                    "decimal_mark",
                    models.CharField(
                        choices=[(".", "1,234.50"), (",", "1.234,50")],
                        default=".",
                        max_length=1,
                        verbose_name="amounts look like",
                    ),
                ),
                ("day", models.CharField(max_length=80, verbose_name="column of the day")),
                (
                    "amount",
                    models.CharField(
                        help_text="Negative: money that went out.", max_length=80, verbose_name="column of the amount"
                    ),
                ),
                ("text", models.CharField(max_length=80, verbose_name="column of the reference")),
                ("payer_name", models.CharField(blank=True, max_length=80, verbose_name="column of the payer's name")),
                (
                    "payer_account",
                    models.CharField(blank=True, max_length=80, verbose_name="column of the payer's account"),
                ),
                (
                    "bank_reference",
                    models.CharField(blank=True, max_length=80, verbose_name="column of the bank's reference"),
                ),
            ],
            options={
                "verbose_name": "CSV mapping",
            },
        ),
        migrations.CreateModel(
            name="LedgerDocument",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("invoice", "Invoice"),
                            ("void", "Void of an invoice"),
                            ("credit_note", "Credit note"),
                            ("payment", "Payment"),
                            ("return", "Returned payment"),
                            ("refund", "Refund"),
                            ("write_off", "Write-off"),
                            ("payout", "Payout"),
                        ],
                        max_length=11,
                    ),
                ),
                ("currency", models.CharField(max_length=3)),
                (
                    "side",
                    models.CharField(
                        blank=True,
                        choices=[("debit", "Owed to us"), ("credit", "In the customer's favor"), ("", "Neither")],
                        max_length=6,
                    ),
                ),
                ("amount", models.DecimalField(decimal_places=4, help_text="Never negative.", max_digits=40)),
                ("reference", models.CharField(help_text="Its number, or the payer's words.", max_length=140)),
                ("posted_on", models.DateField(help_text="The day in the books; never in a closed month.")),
                ("due_on", models.DateField(blank=True, help_text="Empty: the day in the books.", null=True)),
                ("recorded_at", models.DateTimeField()),
                (
                    "customer",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="ledger_documents",
                        to="leads.customer",
                    ),
                ),
                (
                    "invoice",
                    models.ForeignKey(
                        blank=True,
                        help_text="For an invoice, and for its void.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="ledger_documents",
                        to="invoices.invoice",
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "seller",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        help_text="Empty: the seller in the settings.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="leads.company",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("amount__gte", 0)), name="a_document_is_never_negative"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("invoice__isnull", False), ("kind__in", ["invoice", "void"])),
                            models.Q(models.Q(("kind__in", ["invoice", "void"]), _negated=True), ("invoice", None)),
                            _connector="OR",
                        ),
                        name="invoices_and_voids_name_their_invoice",
                    ),
                    models.UniqueConstraint(
                        fields=("invoice", "kind"), name="an_invoice_is_issued_once_and_voided_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind__in", ["return", "refund"]), ("side", "debit")),
                            models.Q(("kind__in", ["credit_note", "payment"]), ("side", "credit")),
                            models.Q(("kind", "payout"), ("side", "")),
                            models.Q(("kind__in", ["invoice", "void", "write_off"]), ("side__in", ["debit", "credit"])),
                            _connector="OR",
                        ),
                        name="a_document_stands_on_the_side_of_its_kind",
                    ),
                ],
                "indexes": [
                    models.Index(fields=["customer", "currency", "posted_on", "id"], name="document_of_customer")
                ],
            },
        ),
        migrations.CreateModel(
            name="BankAccount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100, unique=True)),
                (
                    "number",
                    models.CharField(
                        help_text="Files that name another account are refused.",
                        max_length=34,
                        validators=[
                            django.core.validators.RegexValidator("^[A-Z0-9]{4,34}$", "Use letters and digits only.")
                        ],
                        verbose_name="IBAN or account number",
                    ),
                ),
                ("currency", models.CharField(max_length=3)),
                ("is_active", models.BooleanField(default=True)),
                (
                    "seller",
                    models.ForeignKey(
                        blank=True,
                        help_text="Whose account it is. Empty: the seller in the settings.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="bank_accounts",
                        to="leads.company",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("number", "currency"),
                        name="a_bank_account_is_entered_once",
                        violation_error_message="This account has been entered already.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="BankFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "attempts",
                    models.PositiveSmallIntegerField(
                        db_default=0, default=0, help_text="Number of attempts, counted before the work."
                    ),
                ),
                (
                    "next_attempt_at",
                    models.DateTimeField(
                        blank=True, help_text="When it is due. While a worker has it, when its lease ends.", null=True
                    ),
                ),
                ("name", models.CharField(help_text="The file's name.", max_length=200)),
                ("body", models.BinaryField(help_text="The file as it was uploaded.")),
                ("sha256", models.CharField(max_length=64, verbose_name="SHA-256")),
                ("uploaded_at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Reading"),
                            ("ready", "Ready to book"),
                            ("booking", "Booking"),
                            ("booked", "Booked"),
                            ("undoing", "Undoing"),
                            ("undone", "Undone"),
                            ("failed", "Refused"),
                            ("discarded", "Discarded"),
                        ],
                        default="waiting",
                        max_length=9,
                    ),
                ),
                (
                    "late_on_today",
                    models.BooleanField(
                        default=False,
                        help_text="Rows of closed months are posted with today's date; otherwise they stay open.",
                    ),
                ),
                ("rows_done", models.PositiveIntegerField(default=0)),
                (
                    "message",
                    models.TextField(blank=True, help_text="Why it was refused, or what the last step left out."),
                ),
                (
                    "account",
                    models.ForeignKey(
                        blank=True,
                        help_text="For a CSV file, which does not name its account.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="files",
                        to="receivables.bankaccount",
                    ),
                ),
                (
                    "asked_by",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        help_text="Who confirmed or undid it.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "uploaded_by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "mapping",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="receivables.csvmapping",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ("failed", "discarded", "undone")), _negated=True),
                        fields=("sha256",),
                        name="a_bank_file_is_read_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "failed"), _negated=True),
                            models.Q(("message", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="a_refused_bank_file_says_why",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("next_attempt_at__isnull", False), ("state__in", ("waiting", "booking", "undoing"))
                            ),
                            models.Q(
                                models.Q(("state__in", ("waiting", "booking", "undoing")), _negated=True),
                                ("next_attempt_at", None),
                            ),
                            _connector="OR",
                        ),
                        name="a_bank_file_that_waits_says_until_when",
                    ),
                ],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ("waiting", "booking", "undoing"))),
                        fields=["next_attempt_at"],
                        name="bank_file_unsettled",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="BankStatement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(help_text="The bank's id of the statement.", max_length=70)),
                ("opening", models.DecimalField(blank=True, decimal_places=4, max_digits=40, null=True)),
                ("closing", models.DecimalField(blank=True, decimal_places=4, max_digits=40, null=True)),
                (
                    "sequence",
                    models.PositiveBigIntegerField(
                        blank=True, help_text="The bank's own count of its statements, which has no gap.", null=True
                    ),
                ),
                ("is_live", models.BooleanField(default=True, help_text="Not discarded or undone.")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="statements",
                        to="receivables.bankaccount",
                    ),
                ),
                (
                    "file",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="statements",
                        to="receivables.bankfile",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("is_live", True)),
                        fields=("account", "number"),
                        name="a_statement_is_read_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="BookExport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "attempts",
                    models.PositiveSmallIntegerField(
                        db_default=0, default=0, help_text="Number of attempts, counted before the work."
                    ),
                ),
                (
                    "next_attempt_at",
                    models.DateTimeField(
                        blank=True, help_text="When it is due. While a worker has it, when its lease ends.", null=True
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("general_ledger", "General ledger"),
                            ("quickbooks_invoices", "QuickBooks Online invoices"),
                            ("quickbooks_credit_notes", "QuickBooks Online credit notes"),
                            ("xero_invoices", "Xero invoices"),
                            ("xero_credit_notes", "Xero credit notes"),
                            ("netsuite", "NetSuite journal"),
                            ("accrual", "Accrual of unbilled activity"),
                            ("numbers", "Number register"),
                        ],
                        max_length=23,
                    ),
                ),
                ("month", models.CharField(help_text="The month of the books, such as 2026-10.", max_length=7)),
                (
                    "as_of",
                    models.DateField(
                        blank=True, help_text="For an accrual: the day at whose end it was unbilled.", null=True
                    ),
                ),
                ("asked_at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("running", "Running"),
                            ("done", "Ready"),
                            ("failed", "Failed"),
                        ],
                        default="waiting",
                        max_length=7,
                    ),
                ),
                ("total", models.PositiveIntegerField(default=0, help_text="How many documents it is to have.")),
                (
                    "written",
                    models.PositiveIntegerField(default=0, help_text="How many documents were written so far."),
                ),
                ("reason", models.TextField(blank=True, help_text="Why it failed.")),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("file_name", models.CharField(blank=True, max_length=120)),
                ("content", models.BinaryField(blank=True, help_text="The file.", null=True)),
                (
                    "sha256",
                    models.CharField(
                        blank=True, help_text="SHA-256 of the file.", max_length=64, verbose_name="digest"
                    ),
                ),
                ("rows", models.PositiveIntegerField(default=0)),
                (
                    "sums",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text="By currency, the sum that the file and the ledger agree on.",
                    ),
                ),
                (
                    "asked_by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="made by",
                    ),
                ),
                (
                    "seller",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        help_text="Empty: the seller in the settings.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="leads.company",
                        verbose_name="company",
                    ),
                ),
            ],
            options={
                "verbose_name": "export to the books",
                "verbose_name_plural": "exports to the books",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ("waiting", "running"))),
                        fields=("kind", "seller", "month"),
                        name="one_export_to_the_books_at_a_time",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("finished_at", None),
                                ("next_attempt_at__isnull", False),
                                ("state__in", ("waiting", "running")),
                            ),
                            models.Q(
                                models.Q(("state__in", ("waiting", "running")), _negated=True),
                                ("finished_at__isnull", False),
                                ("next_attempt_at", None),
                            ),
                            _connector="OR",
                        ),
                        name="an_unfinished_export_to_the_books_is_due",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("content__isnull", False),
                                ("state", "done"),
                                models.Q(("file_name", ""), _negated=True),
                                models.Q(("sha256", ""), _negated=True),
                            ),
                            models.Q(
                                models.Q(("state", "done"), _negated=True),
                                ("content", None),
                                ("file_name", ""),
                                ("sha256", ""),
                            ),
                            _connector="OR",
                        ),
                        name="an_export_to_the_books_has_its_file_once_it_is_ready",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "failed"), _negated=True),
                            models.Q(("reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="a_failed_export_to_the_books_says_why",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("as_of__isnull", False), ("kind", "accrual")),
                            models.Q(models.Q(("kind", "accrual"), _negated=True), ("as_of", None)),
                            _connector="OR",
                        ),
                        name="only_an_accrual_has_a_day",
                    ),
                ],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ("waiting", "running"))),
                        fields=["next_attempt_at"],
                        name="book_export_unfinished",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="EventSubscription",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("invoice.issued", "Invoice issued"),
                            ("invoice.voided", "Invoice voided"),
                            ("invoice.paid", "Invoice paid"),
                            ("credit_note.issued", "Credit note issued"),
                            ("payment.received", "Payment received"),
                            ("dispute.opened", "Dispute opened"),
                            ("dispute.decided", "Dispute decided"),
                            ("period.closed", "Billing period closed"),
                            ("budget.reached_80", "80% of the budget used"),
                            ("budget.reached_100", "100% of the budget used"),
                            ("unrated.waiting", "Unrated actions are waiting"),
                        ],
                        max_length=30,
                    ),
                ),
                ("chosen_at", models.DateTimeField()),
                (
                    "customer",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="leads.customer",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="event_subscriptions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "default_permissions": ("view",),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("person", "kind", "customer"),
                        name="a_person_chooses_an_event_once",
                        nulls_distinct=False,
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ExportedDocument",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("general_ledger", "General ledger"),
                            ("quickbooks_invoices", "QuickBooks Online invoices"),
                            ("quickbooks_credit_notes", "QuickBooks Online credit notes"),
                            ("xero_invoices", "Xero invoices"),
                            ("xero_credit_notes", "Xero credit notes"),
                            ("netsuite", "NetSuite journal"),
                            ("accrual", "Accrual of unbilled activity"),
                            ("numbers", "Number register"),
                        ],
                        max_length=23,
                    ),
                ),
                (
                    "export",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="documents",
                        to="receivables.bookexport",
                    ),
                ),
                (
                    "document",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="exported",
                        to="receivables.ledgerdocument",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("document", "kind"), name="a_document_is_exported_once_to_books_of_a_kind"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="BankRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("place", models.PositiveIntegerField(help_text="Its place in the statement.")),
                ("booked_on", models.DateField()),
                (
                    "amount",
                    models.DecimalField(decimal_places=4, help_text="Negative: money that went out.", max_digits=40),
                ),
                ("currency", models.CharField(max_length=3)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("payment", "Payment"),
                            ("return", "Return"),
                            ("charge", "Bank charges"),
                            ("out", "Money out"),
                        ],
                        max_length=7,
                    ),
                ),
                ("payer_name", models.CharField(blank=True, max_length=140)),
                ("payer_account", models.CharField(blank=True, max_length=34)),
                ("text", models.TextField(blank=True, help_text="What the payer wrote.")),
                (
                    "reference",
                    models.CharField(blank=True, help_text="A structured reference, such as RF18…", max_length=35),
                ),
                ("bank_reference", models.CharField(blank=True, max_length=80)),
                (
                    "fingerprint",
                    models.CharField(
                        help_text="Of all it says, and of how many equal rows stand before it in the file.",
                        max_length=64,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "Open"), ("booked", "Booked"), ("aside", "Set aside")],
                        default="open",
                        max_length=6,
                    ),
                ),
                (
                    "certainty",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("certain", "Certain"),
                            ("likely", "Likely"),
                            ("possible", "Possible"),
                            ("", "No match"),
                        ],
                        max_length=8,
                    ),
                ),
                ("why", models.CharField(blank=True, help_text="What was recognized.", max_length=200)),
                ("items", models.JSONField(blank=True, default=list, help_text="The open items that it seems to pay.")),
                (
                    "customer",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="leads.customer",
                    ),
                ),
                (
                    "statement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="rows", to="receivables.bankstatement"
                    ),
                ),
                (
                    "document",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="bank_row",
                        to="receivables.ledgerdocument",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("statement", "place"), name="a_place_in_a_statement_has_one_row"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("document__isnull", False), ("state", "booked")),
                            models.Q(models.Q(("state", "booked"), _negated=True), ("document", None)),
                            _connector="OR",
                        ),
                        name="a_booked_row_names_its_document",
                    ),
                ],
                "indexes": [models.Index(fields=["fingerprint"], name="bank_row_fingerprint")],
            },
        ),
        migrations.CreateModel(
            name="Payment",
            fields=[
                (
                    "document",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="payment",
                        serialize=False,
                        to="receivables.ledgerdocument",
                    ),
                ),
                (
                    "method",
                    models.CharField(
                        choices=[
                            ("transfer", "Bank transfer"),
                            ("debit", "Direct debit"),
                            ("card", "Card"),
                            ("check", "Check"),
                            ("cash", "Cash"),
                            ("online", "Online"),
                            ("other", "Other"),
                        ],
                        default="transfer",
                        max_length=8,
                    ),
                ),
                ("payer_name", models.CharField(blank=True, max_length=140)),
                ("payer_account", models.CharField(blank=True, max_length=34)),
                ("note", models.CharField(blank=True, max_length=200)),
                (
                    "account",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payments",
                        to="receivables.bankaccount",
                    ),
                ),
                (
                    "row",
                    models.ForeignKey(
                        blank=True,
                        help_text="The row of the bank file that it was booked from.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payments",
                        to="receivables.bankrow",
                    ),
                ),
                (
                    "undoes",
                    models.ForeignKey(
                        blank=True,
                        help_text="The credit that is refunded, the payment that is returned, or the return whose money came back.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="undone_by",
                        to="receivables.ledgerdocument",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("undoes", None), models.Q(("undoes", models.F("document")), _negated=True), _connector="OR"
                        ),
                        name="a_payment_never_undoes_itself",
                    )
                ],
                "indexes": [
                    models.Index(
                        condition=models.Q(("payer_account", ""), _negated=True),
                        fields=["payer_account"],
                        name="payments_of_a_payer",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Allocation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("currency", models.CharField(max_length=3)),
                (
                    "due_on",
                    models.DateField(help_text="The due day of the debit item; without one, its day in the books."),
                ),
                (
                    "amount",
                    models.DecimalField(
                        decimal_places=4, help_text="Negative: takes back another allocation.", max_digits=40
                    ),
                ),
                ("posted_on", models.DateField()),
                ("recorded_at", models.DateTimeField()),
                ("reason", models.CharField(blank=True, max_length=200)),
                (
                    "customer",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="leads.customer",
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "seller",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="leads.company",
                    ),
                ),
                (
                    "takes_back",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="taken_back_by",
                        to="receivables.allocation",
                    ),
                ),
                (
                    "credit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="allocations_made",
                        to="receivables.ledgerdocument",
                    ),
                ),
                (
                    "debit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="allocations_received",
                        to="receivables.ledgerdocument",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("amount__gt", 0), ("takes_back", None)),
                            models.Q(("amount__lt", 0), ("takes_back__isnull", False)),
                            _connector="OR",
                        ),
                        name="an_allocation_matches_or_takes_back",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("credit", models.F("debit")), _negated=True),
                        name="an_item_is_never_matched_to_itself",
                    ),
                ],
                "indexes": [models.Index(fields=["customer"], name="allocation_of_customer")],
            },
        ),
        migrations.CreateModel(
            name="OnlineEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("external_id", models.CharField(max_length=255, unique=True)),
                ("kind", models.CharField(max_length=100)),
                (
                    "subject",
                    models.CharField(blank=True, help_text="The payment intent that it is about.", max_length=255),
                ),
                ("happened_at", models.DateTimeField()),
                ("received_at", models.DateTimeField()),
                ("body", models.JSONField(help_text="As it came, without the payer's details.")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Not booked"),
                            ("partly", "Booked in part"),
                            ("done", "Booked"),
                            ("nothing", "Nothing to book"),
                            ("aside", "Set aside"),
                        ],
                        default="open",
                        max_length=8,
                    ),
                ),
                ("why", models.TextField(blank=True)),
                ("run_at", models.DateTimeField(blank=True, null=True)),
                (
                    "document",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="online_events",
                        to="receivables.ledgerdocument",
                    ),
                ),
            ],
            options={
                "verbose_name": "online payment event",
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ["open", "partly"])),
                        fields=["subject"],
                        name="online_event_for_a_person",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Paper",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "attempts",
                    models.PositiveSmallIntegerField(
                        db_default=0, default=0, help_text="Number of attempts, counted before the work."
                    ),
                ),
                (
                    "next_attempt_at",
                    models.DateTimeField(
                        blank=True, help_text="When it is due. While a worker has it, when its lease ends.", null=True
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "Being made"), ("kept", "Stored"), ("failed", "Could not be made")],
                        default="waiting",
                        max_length=7,
                    ),
                ),
                ("requested_at", models.DateTimeField()),
                ("reason", models.TextField(blank=True, help_text="Why it could not be made.")),
                ("content", models.BinaryField(null=True)),
                ("sha256", models.CharField(blank=True, max_length=64, verbose_name="digest")),
                ("rendered_at", models.DateTimeField(blank=True, null=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("credit_note", "Credit note"),
                            ("statement", "Statement of account"),
                            ("reminder", "Reminder"),
                        ],
                        max_length=11,
                    ),
                ),
                ("file_name", models.CharField(max_length=100)),
                ("source", models.JSONField(help_text="The document's content, as it was when it was requested.")),
                (
                    "customer",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="papers",
                        to="leads.customer",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("content__isnull", False),
                                ("rendered_at__isnull", False),
                                ("state", "kept"),
                                models.Q(("sha256", ""), _negated=True),
                            ),
                            models.Q(
                                models.Q(("state", "kept"), _negated=True),
                                ("content", None),
                                ("rendered_at", None),
                                ("sha256", ""),
                            ),
                            _connector="OR",
                        ),
                        name="a_kept_paper_has_its_bytes_and_their_digest",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("next_attempt_at__isnull", False), ("state", "waiting")),
                            models.Q(models.Q(("state", "waiting"), _negated=True), ("next_attempt_at", None)),
                            _connector="OR",
                        ),
                        name="a_waiting_paper_has_a_next_attempt",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "failed"), _negated=True),
                            models.Q(("reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="a_failed_paper_says_why",
                    ),
                ],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "waiting")), fields=["next_attempt_at"], name="paper_waiting"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PaperMail",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "attempts",
                    models.PositiveSmallIntegerField(
                        db_default=0, default=0, help_text="Number of attempts, counted before the work."
                    ),
                ),
                (
                    "next_attempt_at",
                    models.DateTimeField(
                        blank=True, help_text="When it is due. While a worker has it, when its lease ends.", null=True
                    ),
                ),
                (
                    "interrupted",
                    models.PositiveSmallIntegerField(
                        default=0, help_text="Attempts that ended with their worker or with an error of the program."
                    ),
                ),
                ("is_being_sent", models.BooleanField(default=False)),
                (
                    "accepted",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.EmailField(max_length=254),
                        blank=True,
                        default=list,
                        help_text="The addresses that the server accepted.",
                        size=None,
                    ),
                ),
                (
                    "rejected",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text="The addresses that the server permanently rejected, each with the server's reply.",
                    ),
                ),
                (
                    "may_have_arrived",
                    models.BooleanField(
                        default=False,
                        help_text="The connection or the worker ended when the server may already have received the email.",
                    ),
                ),
                ("settled_at", models.DateTimeField(blank=True, null=True)),
                ("reason", models.TextField(blank=True, help_text="Why it was not sent, or not yet.")),
                ("via", models.CharField(blank=True, help_text="The mail server that received it.", max_length=200)),
                (
                    "request",
                    models.UUIDField(
                        help_text="Identifies the request: repeating it sends nothing twice.", unique=True
                    ),
                ),
                (
                    "message_id",
                    models.CharField(
                        default="",
                        help_text="The same for every attempt, so that email programs recognize a second copy.",
                        max_length=320,
                    ),
                ),
                (
                    "to",
                    django.contrib.postgres.fields.ArrayField(base_field=models.EmailField(max_length=254), size=None),
                ),
                ("subject", models.CharField(max_length=400)),
                ("body", models.TextField(verbose_name="message")),
                ("requested_at", models.DateTimeField()),
                (
                    "sha256",
                    models.CharField(
                        blank=True, help_text="SHA-256 of the attached PDF.", max_length=64, verbose_name="digest"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("sent", "Sent"),
                            ("partly", "Partly sent"),
                            ("written", "Not sent: no mail server"),
                            ("failed", "Failed"),
                        ],
                        default="waiting",
                        max_length=7,
                    ),
                ),
                (
                    "paper",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="mails", to="receivables.paper"
                    ),
                ),
                (
                    "requested_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "email with a paper",
                "verbose_name_plural": "emails with papers",
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("to__len__gt", 0)), name="a_paper_mail_has_a_recipient"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("next_attempt_at__isnull", False), ("settled_at", None), ("state", "waiting")),
                            models.Q(
                                models.Q(("state", "waiting"), _negated=True),
                                ("next_attempt_at", None),
                                ("settled_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="a_settled_paper_mail_says_when",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["waiting", "sent"]), models.Q(("reason", ""), _negated=True), _connector="OR"
                        ),
                        name="a_failed_paper_mail_says_why",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ["sent", "partly"]), _negated=True),
                            models.Q(
                                models.Q(("sha256", ""), _negated=True),
                                models.Q(("via", ""), _negated=True),
                                ("accepted__len__gt", 0),
                            ),
                            _connector="OR",
                        ),
                        name="a_sent_paper_mail_names_its_pdf_and_server",
                    ),
                ],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "waiting")), fields=["next_attempt_at"], name="paper_mail_waiting"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PaymentLink",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("token", models.CharField(max_length=43, unique=True)),
                ("currency", models.CharField(max_length=3)),
                (
                    "documents_key",
                    models.CharField(
                        help_text="Made from the documents: each set of them has one link.", max_length=64, unique=True
                    ),
                ),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="payment_links", to="leads.customer"
                    ),
                ),
                ("documents", models.ManyToManyField(related_name="payment_links", to="receivables.ledgerdocument")),
                (
                    "seller",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="leads.company",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="CheckoutSession",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("processing", "On its way"),
                            ("paid", "Paid"),
                            ("failed", "Failed"),
                            ("expired", "Expired"),
                        ],
                        default="open",
                        max_length=10,
                    ),
                ),
                ("amount", models.DecimalField(decimal_places=4, max_digits=40)),
                ("external_id", models.CharField(blank=True, max_length=255)),
                ("url", models.TextField(blank=True)),
                ("asked_at", models.DateTimeField()),
                (
                    "link",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sessions",
                        to="receivables.paymentlink",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("amount__gt", 0)), name="a_checkout_session_is_for_something"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CheckoutItem",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("amount", models.DecimalField(decimal_places=4, max_digits=40)),
                (
                    "checkout",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="items",
                        to="receivables.checkoutsession",
                    ),
                ),
                (
                    "document",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="checkout_items",
                        to="receivables.ledgerdocument",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("checkout", "document"), name="a_session_names_an_invoice_once"),
                    models.CheckConstraint(
                        condition=models.Q(("amount__gt", 0)), name="a_checkout_item_is_for_something"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="OnlineMovement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("payment", "Payment"),
                            ("refund", "Refund"),
                            ("chargeback", "Chargeback"),
                            ("back", "Money came in again"),
                            ("payout", "Payout"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "external_id",
                    models.CharField(
                        help_text="Of the payment intent, refund, dispute or payout.", max_length=255, unique=True
                    ),
                ),
                ("fee", models.DecimalField(decimal_places=4, default=Decimal(0), max_digits=40)),
                (
                    "checkout",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payment",
                        to="receivables.checkoutsession",
                    ),
                ),
                (
                    "document",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="online",
                        to="receivables.ledgerdocument",
                    ),
                ),
                (
                    "paid_out_by",
                    models.ForeignKey(
                        blank=True,
                        help_text="Its payout, if paid out.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="holds",
                        to="receivables.onlinemovement",
                    ),
                ),
                (
                    "undoes",
                    models.ForeignKey(
                        blank=True,
                        help_text="The payment that is refunded or charged back, or what came in again.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="undone_by",
                        to="receivables.onlinemovement",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Posting",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "account",
                    models.CharField(
                        choices=[
                            ("receivable", "Receivable"),
                            ("revenue", "Revenue"),
                            ("tax", "Tax"),
                            ("cash", "Cash"),
                            ("transit", "Money in transit"),
                            ("fees", "Payment fees"),
                            ("bad_debt", "Bad debt"),
                        ],
                        max_length=10,
                    ),
                ),
                ("tax", models.CharField(blank=True, help_text="The name and rate of the tax.", max_length=60)),
                ("amount", models.DecimalField(decimal_places=4, max_digits=40)),
                (
                    "document",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="postings",
                        to="receivables.ledgerdocument",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("amount", 0), _negated=True), name="a_posting_moves_something"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("account", "tax"), models.Q(("tax", ""), _negated=True)),
                            models.Q(models.Q(("account", "tax"), _negated=True), ("tax", "")),
                            _connector="OR",
                        ),
                        name="only_a_tax_posting_names_a_tax",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Reason",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.SlugField(max_length=40, unique=True)),
                ("name", models.CharField(help_text="Customers read it.", max_length=60, unique=True)),
                (
                    "explanation",
                    models.CharField(
                        blank=True, help_text="What it means, for the person who chooses it.", max_length=300
                    ),
                ),
                (
                    "customers_may_give_it",
                    models.BooleanField(
                        default=True,
                        help_text="Customers can dispute charges for this reason. Otherwise, only finance uses it.",
                    ),
                ),
                (
                    "window_days",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="Days from issue within which it may be given; the customer's own window is the upper bound. Empty: that one.",
                        null=True,
                    ),
                ),
                (
                    "decide_within_days",
                    models.PositiveSmallIntegerField(
                        db_default=10, default=10, help_text="Working days, Monday to Friday, until we decide."
                    ),
                ),
                (
                    "evidence",
                    models.CharField(blank=True, help_text="What the customer is asked to send.", max_length=300),
                ),
                (
                    "decided_alone_up_to",
                    models.DecimalField(
                        blank=True,
                        decimal_places=4,
                        help_text="The sum up to which one person decides what a customer disputes for this reason in a period. Empty: any sum.",
                        max_digits=40,
                        null=True,
                    ),
                ),
                (
                    "decided_alone_currency",
                    models.CharField(
                        blank=True,
                        help_text="The currency of that sum. In any other currency, a second person decides, too.",
                        max_length=3,
                    ),
                ),
                (
                    "source_answers_for_it",
                    models.BooleanField(
                        default=True, help_text="Accepted disputes count in the quality report of the source."
                    ),
                ),
                ("is_active", models.BooleanField(default=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("decided_alone_up_to", None), ("decided_alone_up_to__gte", 0), _connector="OR"
                        ),
                        name="a_reason_is_decided_alone_up_to_a_sum",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decided_alone_currency", ""), ("decided_alone_up_to", None)),
                            models.Q(
                                ("decided_alone_up_to__isnull", False),
                                models.Q(("decided_alone_currency", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="a_sum_that_one_person_decides_has_its_currency",
                        violation_error_message="Enter a sum with its currency, or neither.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CreditNote",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("approved", "Approved"),
                            ("issued", "Issued"),
                            ("line", "Credit line"),
                        ],
                        db_index=True,
                        default="draft",
                        max_length=8,
                    ),
                ),
                ("number", models.CharField(blank=True, max_length=40, null=True, unique=True)),
                (
                    "serial",
                    models.PositiveIntegerField(
                        blank=True, help_text="The position in its series; the number is its formatted form.", null=True
                    ),
                ),
                ("sentence", models.CharField(help_text="Why, in words that the customer reads.", max_length=500)),
                (
                    "origin",
                    models.CharField(
                        blank=True,
                        db_default="",
                        help_text="What it comes from, such as the number of a dispute.",
                        max_length=60,
                    ),
                ),
                ("currency", models.CharField(help_text="That of the invoice.", max_length=3)),
                (
                    "subtotal",
                    models.DecimalField(decimal_places=4, help_text="The sum of its lines, before tax.", max_digits=40),
                ),
                ("tax", models.DecimalField(decimal_places=4, help_text="The sum of its taxes.", max_digits=40)),
                ("total", models.DecimalField(decimal_places=4, max_digits=40)),
                ("drafted_at", models.DateTimeField(auto_now_add=True)),
                ("approved_at", models.DateTimeField(blank=True, null=True)),
                ("issued_at", models.DateTimeField(blank=True, null=True)),
                (
                    "issued_on",
                    models.DateField(blank=True, help_text="The issue date in the customer's time zone.", null=True),
                ),
                (
                    "approved_by",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "carried_by",
                    models.OneToOneField(
                        blank=True,
                        help_text="The line of a later invoice, if it is not a document of its own.",
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="carried_credit",
                        to="invoices.invoiceline",
                    ),
                ),
                (
                    "drafted_by",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        help_text="Empty: the engine.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "invoice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="credit_notes", to="invoices.invoice"
                    ),
                ),
                (
                    "issued_by",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "series",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="credit_notes",
                        to="invoices.numberseries",
                    ),
                ),
                (
                    "document",
                    models.OneToOneField(
                        blank=True,
                        help_text="What it posted when it was issued.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="credit_note",
                        to="receivables.ledgerdocument",
                    ),
                ),
                (
                    "paper",
                    models.OneToOneField(
                        blank=True,
                        help_text="Its PDF.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="credit_note",
                        to="receivables.paper",
                    ),
                ),
                (
                    "reason",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="credit_notes",
                        to="receivables.reason",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("document__isnull", False),
                                ("issued_at__isnull", False),
                                ("issued_on__isnull", False),
                                ("number__isnull", False),
                                ("paper__isnull", False),
                                ("serial__gte", 1),
                                ("series__isnull", False),
                                ("state", "issued"),
                            ),
                            models.Q(
                                models.Q(("state", "issued"), _negated=True),
                                ("document", None),
                                ("issued_at", None),
                                ("issued_by", None),
                                ("issued_on", None),
                                ("number", None),
                                ("paper", None),
                                ("serial", None),
                                ("series", None),
                            ),
                            _connector="OR",
                        ),
                        name="a_credit_note_has_its_number_from_issue_on",
                    ),
                    models.UniqueConstraint(
                        fields=("series", "serial"), name="a_series_gives_each_credit_note_number_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("approved_at", None), ("approved_by", None), ("state__in", ["draft", "line"])),
                            models.Q(
                                models.Q(("state__in", ["draft", "line"]), _negated=True),
                                ("approved_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="a_credit_note_is_approved_before_it_is_issued",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "total",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("subtotal"), "+", models.F("tax")
                                ),
                            )
                        ),
                        name="a_credit_note_total_is_lines_plus_tax",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("carried_by__isnull", False), ("state", "line")),
                            models.Q(models.Q(("state", "line"), _negated=True), ("carried_by", None)),
                            _connector="OR",
                        ),
                        name="a_credit_line_is_on_an_invoice",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("total__gt", 0)), name="a_credit_note_credits_something"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("sentence", ""), _negated=True), name="a_credit_note_says_why"
                    ),
                ],
                "indexes": [
                    models.Index(
                        models.OrderBy(models.F("issued_at"), descending=True, nulls_first=True),
                        models.OrderBy(models.F("id"), descending=True),
                        name="credit_note_latest_first",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CreditNoteLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "amount",
                    models.DecimalField(
                        decimal_places=4, help_text="With the sign of the invoice line.", max_digits=40
                    ),
                ),
                (
                    "line",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="credited", to="invoices.invoiceline"
                    ),
                ),
                (
                    "note",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="lines",
                        to="receivables.creditnote",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("note", "line"), name="a_credit_note_credits_a_line_once"),
                    models.CheckConstraint(
                        condition=models.Q(("amount", 0), _negated=True), name="a_credited_line_is_not_zero"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CreditedCharge",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("amount", models.DecimalField(decimal_places=4, max_digits=40)),
                (
                    "action",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="credited", to="leads.action"
                    ),
                ),
                (
                    "line",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="charges",
                        to="receivables.creditnoteline",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("line", "action"), name="a_credit_note_credits_a_charge_once"),
                    models.CheckConstraint(
                        condition=models.Q(("amount__gt", 0)), name="a_credited_charge_is_above_zero"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CreditNoteTax",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveSmallIntegerField()),
                ("name", models.CharField(max_length=40)),
                ("rate", models.DecimalField(decimal_places=4, help_text="Percent.", max_digits=7)),
                (
                    "base",
                    models.DecimalField(
                        decimal_places=4, help_text="The sum of the credited lines it applies to.", max_digits=40
                    ),
                ),
                ("amount", models.DecimalField(decimal_places=4, max_digits=40)),
                (
                    "note",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="taxes",
                        to="receivables.creditnote",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "credit note taxes",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("note", "name", "rate"), name="a_credit_note_has_one_tax_of_a_name_and_rate"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Dispute",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("waiting", "Waiting for evidence"),
                            ("second_look", "Second look"),
                            ("accepted", "Accepted"),
                            ("in_part", "Accepted in part"),
                            ("rejected", "Rejected"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        default="open",
                        max_length=11,
                    ),
                ),
                ("currency", models.CharField(max_length=3)),
                ("amount", models.DecimalField(decimal_places=4, help_text="Before tax.", max_digits=40)),
                ("tax", models.DecimalField(decimal_places=4, default=0, max_digits=40)),
                (
                    "over_quota",
                    models.BooleanField(
                        default=False, help_text="It exceeded the customer's quota, so a second person decides, too."
                    ),
                ),
                ("opened_at", models.DateTimeField()),
                (
                    "contact",
                    models.CharField(
                        blank=True, help_text="The customer's contact who opened it. Empty: we did.", max_length=254
                    ),
                ),
                (
                    "decide_by",
                    models.DateField(help_text="In the customer's time zone. It moves while we wait for evidence."),
                ),
                ("waits_since", models.DateTimeField(blank=True, null=True)),
                (
                    "second_look_at",
                    models.DateTimeField(blank=True, help_text="When a second look was asked for, once.", null=True),
                ),
                (
                    "proposed",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("open", "Open"),
                            ("waiting", "Waiting for evidence"),
                            ("second_look", "Second look"),
                            ("accepted", "Accepted"),
                            ("in_part", "Accepted in part"),
                            ("rejected", "Rejected"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        help_text="The pending decision, which a second person must approve.",
                        max_length=11,
                    ),
                ),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                (
                    "customer",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="disputes",
                        to="leads.customer",
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "invoice",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty: it was opened before the invoice.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="disputes",
                        to="invoices.invoice",
                    ),
                ),
                (
                    "line",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        help_text="If a whole line is disputed.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="disputes",
                        to="invoices.invoiceline",
                    ),
                ),
                (
                    "opened_by",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "period",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="disputes", to="leads.billingperiod"
                    ),
                ),
                (
                    "reason",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="disputes",
                        to="receivables.reason",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("amount__gt", 0), ("tax__gte", 0)), name="a_dispute_is_about_an_amount"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("opened_by__isnull", False), models.Q(("contact", ""), _negated=True), _connector="OR"
                        ),
                        name="a_dispute_says_who_opened_it",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("decided_at__isnull", False),
                                ("decided_by__isnull", False),
                                ("state__in", ["accepted", "in_part", "rejected"]),
                            ),
                            models.Q(("decided_at", None), ("decided_by", None), ("state__in", ["open", "waiting"])),
                            ("state__in", ["second_look", "withdrawn"]),
                            _connector="OR",
                        ),
                        name="a_decided_dispute_says_when_and_by_whom",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "waiting"), ("waits_since__isnull", False)),
                            models.Q(models.Q(("state", "waiting"), _negated=True), ("waits_since", None)),
                            _connector="OR",
                        ),
                        name="a_dispute_waits_since_an_instant",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "second_look"), _negated=True),
                            ("second_look_at__isnull", False),
                            _connector="OR",
                        ),
                        name="a_second_look_says_when_it_was_asked_for",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("proposed", ""),
                            models.Q(
                                ("proposed__in", ["accepted", "in_part", "rejected"]),
                                ("state__in", ["open", "waiting", "second_look"]),
                            ),
                            _connector="OR",
                        ),
                        name="only_a_decision_is_proposed_and_only_while_there_is_none",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("line", None), ("invoice__isnull", False), _connector="OR"),
                        name="a_disputed_line_is_on_the_invoice",
                    ),
                ],
                "indexes": [
                    models.Index(fields=["customer", "opened_at"], name="dispute_of_customer"),
                    models.Index(
                        condition=models.Q(("state__in", ["open", "waiting", "second_look"])),
                        fields=["decide_by", "id"],
                        name="dispute_undecided",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DisputedCharge",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("amount", models.DecimalField(decimal_places=4, help_text="Before tax.", max_digits=40)),
                ("is_accepted", models.BooleanField(blank=True, help_text="Empty: not decided.", null=True)),
                ("is_undecided", models.BooleanField(default=True)),
                (
                    "action",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="disputed",
                        to="leads.action",
                    ),
                ),
                (
                    "dispute",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="charges", to="receivables.dispute"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("amount__gte", 0)), name="a_disputed_charge_is_not_negative"
                    ),
                    models.UniqueConstraint(fields=("dispute", "action"), name="a_dispute_names_each_charge_once"),
                    models.UniqueConstraint(
                        condition=models.Q(("is_undecided", True)),
                        fields=("action",),
                        name="a_charge_is_in_at_most_one_undecided_dispute",
                    ),
                ],
                "indexes": [models.Index(fields=["action"], name="disputed_charge_of_action")],
            },
        ),
        migrations.CreateModel(
            name="DisputeStep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("opened", "Opened"),
                            ("asked", "Asked for more"),
                            ("answered", "Answered"),
                            ("accepted", "Accepted"),
                            ("in_part", "Accepted in part"),
                            ("rejected", "Rejected"),
                            ("withdrawn", "Withdrawn"),
                            ("second_look", "Second look asked for"),
                        ],
                        max_length=11,
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "contact",
                    models.CharField(blank=True, help_text="The customer's contact. Empty: one of us.", max_length=254),
                ),
                ("words", models.TextField(blank=True, help_text="The customer reads them.")),
                (
                    "by",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "dispute",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="steps", to="receivables.dispute"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("by__isnull", False), models.Q(("contact", ""), _negated=True), _connector="OR"
                        ),
                        name="a_step_of_a_dispute_says_who_took_it",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind__in", ["asked", "in_part", "rejected"]), _negated=True),
                            models.Q(("words", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="a_question_or_a_decision_has_words",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DisputeFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=200)),
                ("content_type", models.CharField(max_length=60)),
                ("size", models.PositiveIntegerField()),
                ("sha256", models.CharField(max_length=64)),
                ("content", models.BinaryField()),
                (
                    "step",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="files", to="receivables.disputestep"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("size__gt", 0), ("size__lte", 10000000)),
                        name="a_file_of_a_dispute_is_neither_empty_nor_too_large",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("sha256__regex", "^[0-9a-f]{64}$")),
                        name="a_file_of_a_dispute_has_its_digest",
                    ),
                    models.UniqueConstraint(
                        fields=("step", "sha256", "name"), name="a_step_of_a_dispute_has_a_file_once"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ReminderPause",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reason", models.CharField(max_length=200)),
                (
                    "until",
                    models.DateField(
                        blank=True, help_text="The last day, in the customer's time zone. Empty: no end.", null=True
                    ),
                ),
                ("paused_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="reminder_pauses", to="leads.customer"
                    ),
                ),
                (
                    "document",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty: everything of the customer.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="receivables.ledgerdocument",
                        verbose_name="invoice",
                    ),
                ),
                (
                    "paused_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "default_permissions": ("view",),
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None)),
                        fields=("customer", "document"),
                        name="a_reminder_is_paused_once",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(condition=models.Q(("reason", ""), _negated=True), name="a_pause_says_why"),
                ],
            },
        ),
        migrations.CreateModel(
            name="ReminderRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField(help_text="By UTC. Of a company, there is one run a day.")),
                ("started_at", models.DateTimeField()),
                ("stopped_at", models.DateTimeField(blank=True, null=True)),
                (
                    "seller",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="leads.company",
                    ),
                ),
                (
                    "started_by",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty: it started by itself.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "default_permissions": ("add", "change", "view"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("seller", "day"), name="a_company_reminds_once_a_day", nulls_distinct=False
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Reminder",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "attempts",
                    models.PositiveSmallIntegerField(
                        db_default=0, default=0, help_text="Number of attempts, counted before the work."
                    ),
                ),
                (
                    "next_attempt_at",
                    models.DateTimeField(
                        blank=True, help_text="When it is due. While a worker has it, when its lease ends.", null=True
                    ),
                ),
                (
                    "interrupted",
                    models.PositiveSmallIntegerField(
                        default=0, help_text="Attempts that ended with their worker or with an error of the program."
                    ),
                ),
                ("is_being_sent", models.BooleanField(default=False)),
                (
                    "accepted",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.EmailField(max_length=254),
                        blank=True,
                        default=list,
                        help_text="The addresses that the server accepted.",
                        size=None,
                    ),
                ),
                (
                    "rejected",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text="The addresses that the server permanently rejected, each with the server's reply.",
                    ),
                ),
                (
                    "may_have_arrived",
                    models.BooleanField(
                        default=False,
                        help_text="The connection or the worker ended when the server may already have received the email.",
                    ),
                ),
                ("settled_at", models.DateTimeField(blank=True, null=True)),
                ("reason", models.TextField(blank=True, help_text="Why it was not sent, or not yet.")),
                ("via", models.CharField(blank=True, help_text="The mail server that received it.", max_length=200)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("sent", "Sent"),
                            ("partly", "Partly sent"),
                            ("perhaps", "Perhaps sent"),
                            ("written", "Not sent: no mail server"),
                            ("dropped", "Not sent: nothing to tell"),
                            ("failed", "Failed"),
                        ],
                        default="waiting",
                        max_length=7,
                    ),
                ),
                ("message_id", models.CharField(help_text="The same for every attempt.", max_length=320)),
                ("requested_at", models.DateTimeField()),
                (
                    "claimed_at",
                    models.DateTimeField(blank=True, help_text="When a worker last began to send it.", null=True),
                ),
                (
                    "addresses",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.EmailField(max_length=254), blank=True, default=list, size=None
                    ),
                ),
                ("subject", models.CharField(blank=True, max_length=400)),
                ("body", models.TextField(blank=True, verbose_name="message")),
                ("level", models.PositiveSmallIntegerField()),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="%(class)ss", to="leads.customer"
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        help_text="Who decided whether it arrived.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "paper",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        help_text="The PDF that it carries.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="receivables.paper",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reminders",
                        to="receivables.reminderrun",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "default_permissions": ("view",),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("run", "customer", "level"), name="a_customer_is_reminded_once_in_a_run_by_level"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("next_attempt_at__isnull", False), ("settled_at", None), ("state", "waiting")),
                            models.Q(
                                models.Q(("state", "waiting"), _negated=True),
                                ("next_attempt_at", None),
                                ("settled_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="a_settled_reminder_says_when",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["waiting", "sent"]), models.Q(("reason", ""), _negated=True), _connector="OR"
                        ),
                        name="a_reminder_that_was_not_sent_says_why",
                    ),
                ],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "waiting")), fields=["next_attempt_at"], name="reminder_waiting"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ReminderItem",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("level", models.PositiveSmallIntegerField()),
                ("amount", models.DecimalField(decimal_places=4, max_digits=40, verbose_name="to pay")),
                (
                    "document",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reminder_items",
                        to="receivables.ledgerdocument",
                    ),
                ),
                (
                    "reminder",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="items",
                        to="receivables.reminder",
                    ),
                ),
            ],
            options={
                "default_permissions": ("view",),
                "constraints": [
                    models.UniqueConstraint(fields=("reminder", "document"), name="an_invoice_is_in_a_reminder_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="ReminderSchedule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "level",
                    models.PositiveSmallIntegerField(
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(9),
                        ]
                    ),
                ),
                (
                    "days",
                    models.SmallIntegerField(
                        help_text="Days after the due day; negative: before it.",
                        validators=[
                            django.core.validators.MinValueValidator(-365),
                            django.core.validators.MaxValueValidator(365),
                        ],
                        verbose_name="days after due",
                    ),
                ),
                ("is_active", models.BooleanField(default=True, verbose_name="active")),
                (
                    "seller",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty: the seller in the settings.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reminder_levels",
                        to="leads.company",
                    ),
                ),
            ],
            options={
                "verbose_name": "reminder level",
                "default_permissions": ("change", "view"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("seller", "level"), name="a_company_has_each_reminder_level_once", nulls_distinct=False
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("level__gte", 1), ("level__lte", 9)),
                        name="a_reminder_level_is_one_digit_above_zero",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ReminderText",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "language",
                    models.CharField(help_text="Such as en or de, as in the customer's number format.", max_length=2),
                ),
                ("subject", models.CharField(max_length=400)),
                ("body", models.TextField(max_length=20000, verbose_name="message")),
                (
                    "schedule",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="texts",
                        to="receivables.reminderschedule",
                    ),
                ),
            ],
            options={
                "default_permissions": ("view",),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("schedule", "language"), name="a_reminder_level_has_one_text_per_language"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ReminderTimetable",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "attempts",
                    models.PositiveSmallIntegerField(
                        db_default=0, default=0, help_text="Number of attempts, counted before the work."
                    ),
                ),
                ("hour", models.PositiveSmallIntegerField(default=8, help_text="By UTC.")),
                ("is_on", models.BooleanField(default=False, verbose_name="on")),
                ("next_at", models.DateTimeField(blank=True, help_text="When the next run is due.", null=True)),
                ("reason", models.TextField(blank=True, help_text="Why the last run did not start.")),
                (
                    "seller",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        help_text="Empty: the seller in the settings.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="leads.company",
                    ),
                ),
            ],
            options={
                "default_permissions": ("view",),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("seller",), name="a_company_has_one_timetable_of_reminders", nulls_distinct=False
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("hour__lte", 23)), name="an_hour_of_reminders_is_on_the_clock"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("is_on", True), ("next_at__isnull", False)),
                            models.Q(("is_on", False), ("next_at", None)),
                            _connector="OR",
                        ),
                        name="reminders_that_start_by_themselves_are_due_at_some_time",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="StatementMail",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "attempts",
                    models.PositiveSmallIntegerField(
                        db_default=0, default=0, help_text="Number of attempts, counted before the work."
                    ),
                ),
                (
                    "next_attempt_at",
                    models.DateTimeField(
                        blank=True, help_text="When it is due. While a worker has it, when its lease ends.", null=True
                    ),
                ),
                (
                    "interrupted",
                    models.PositiveSmallIntegerField(
                        default=0, help_text="Attempts that ended with their worker or with an error of the program."
                    ),
                ),
                ("is_being_sent", models.BooleanField(default=False)),
                (
                    "accepted",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.EmailField(max_length=254),
                        blank=True,
                        default=list,
                        help_text="The addresses that the server accepted.",
                        size=None,
                    ),
                ),
                (
                    "rejected",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text="The addresses that the server permanently rejected, each with the server's reply.",
                    ),
                ),
                (
                    "may_have_arrived",
                    models.BooleanField(
                        default=False,
                        help_text="The connection or the worker ended when the server may already have received the email.",
                    ),
                ),
                ("settled_at", models.DateTimeField(blank=True, null=True)),
                ("reason", models.TextField(blank=True, help_text="Why it was not sent, or not yet.")),
                ("via", models.CharField(blank=True, help_text="The mail server that received it.", max_length=200)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("sent", "Sent"),
                            ("partly", "Partly sent"),
                            ("perhaps", "Perhaps sent"),
                            ("written", "Not sent: no mail server"),
                            ("dropped", "Not sent: nothing to tell"),
                            ("failed", "Failed"),
                        ],
                        default="waiting",
                        max_length=7,
                    ),
                ),
                ("message_id", models.CharField(help_text="The same for every attempt.", max_length=320)),
                ("requested_at", models.DateTimeField()),
                (
                    "claimed_at",
                    models.DateTimeField(blank=True, help_text="When a worker last began to send it.", null=True),
                ),
                (
                    "addresses",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.EmailField(max_length=254), blank=True, default=list, size=None
                    ),
                ),
                ("subject", models.CharField(blank=True, max_length=400)),
                ("body", models.TextField(blank=True, verbose_name="message")),
                ("currency", models.CharField(max_length=3)),
                (
                    "month",
                    models.DateField(
                        blank=True, help_text="Its first day. Empty: of days that a person chose.", null=True
                    ),
                ),
                ("first", models.DateField(verbose_name="from")),
                ("last", models.DateField(verbose_name="to")),
                ("opening", models.DecimalField(blank=True, decimal_places=4, max_digits=40, null=True)),
                ("closing", models.DecimalField(blank=True, decimal_places=4, max_digits=40, null=True)),
                (
                    "newest",
                    models.BigIntegerField(
                        blank=True,
                        help_text="The newest document that it counts: later ones are on the next statement.",
                        null=True,
                    ),
                ),
                (
                    "was_asked_for",
                    models.BooleanField(default=False, help_text="Sent even if nothing moved and nothing is open."),
                ),
                (
                    "request",
                    models.UUIDField(
                        help_text="Identifies the request: repeating it sends nothing twice.", unique=True
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="%(class)ss", to="leads.customer"
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        help_text="Who decided whether it arrived.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "paper",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        help_text="The PDF that it carries.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="receivables.paper",
                    ),
                ),
                (
                    "requested_by",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "seller",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        help_text="Empty: the seller in the settings.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="leads.company",
                    ),
                ),
            ],
            options={
                "verbose_name": "statement by email",
                "verbose_name_plural": "statements by email",
                "abstract": False,
                "default_permissions": ("add", "change", "view"),
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("month__isnull", False)),
                        fields=("customer", "seller", "currency", "month"),
                        name="an_account_has_one_statement_a_month",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("first__lte", models.F("last"))), name="a_statement_ends_after_it_begins"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("next_attempt_at__isnull", False), ("settled_at", None), ("state", "waiting")),
                            models.Q(
                                models.Q(("state", "waiting"), _negated=True),
                                ("next_attempt_at", None),
                                ("settled_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="a_settled_statement_mail_says_when",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["waiting", "sent"]), models.Q(("reason", ""), _negated=True), _connector="OR"
                        ),
                        name="a_statement_mail_that_was_not_sent_says_why",
                    ),
                ],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "waiting")),
                        fields=["next_attempt_at"],
                        name="statement_mail_waiting",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="StatementSchedule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "attempts",
                    models.PositiveSmallIntegerField(
                        db_default=0, default=0, help_text="Number of attempts, counted before the work."
                    ),
                ),
                ("is_monthly", models.BooleanField(default=False, verbose_name="monthly")),
                (
                    "next_at",
                    models.DateTimeField(
                        blank=True, help_text="When a month is over, in the customer's time zone.", null=True
                    ),
                ),
                ("reason", models.TextField(blank=True, help_text="Why the last month could not be started.")),
                (
                    "customer",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="statement_schedule",
                        to="leads.customer",
                    ),
                ),
            ],
            options={
                "default_permissions": ("change", "view"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("is_monthly", True), ("next_at__isnull", False)),
                            models.Q(("is_monthly", False), ("next_at", None)),
                            _connector="OR",
                        ),
                        name="a_monthly_statement_is_due_at_some_time",
                    )
                ],
                "indexes": [
                    models.Index(
                        condition=models.Q(("is_monthly", True)), fields=["next_at"], name="statement_schedule_due"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="VoidCredit",
            fields=[
                (
                    "attempts",
                    models.PositiveSmallIntegerField(
                        db_default=0, default=0, help_text="Number of attempts, counted before the work."
                    ),
                ),
                (
                    "action",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="void_credit",
                        serialize=False,
                        to="leads.action",
                    ),
                ),
                ("found_at", models.DateTimeField()),
                (
                    "code",
                    models.CharField(
                        blank=True, help_text="Why the engine leaves it to people; empty: it does not.", max_length=60
                    ),
                ),
                ("message", models.CharField(blank=True, max_length=500)),
                (
                    "credit",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="void_credits",
                        to="receivables.creditnote",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("code", ""), ("message", "")),
                            models.Q(models.Q(("code", ""), _negated=True), models.Q(("message", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="a_void_that_people_settle_says_why",
                    )
                ],
                "indexes": [
                    models.Index(
                        condition=models.Q(("code", ""), ("credit", None)),
                        fields=["action"],
                        name="void_credit_waiting",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="VoidTerms",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "way",
                    models.CharField(
                        choices=[("note", "Credit note on its invoice"), ("line", "Credit line on the next invoice")],
                        max_length=4,
                    ),
                ),
                (
                    "wait_days",
                    models.PositiveSmallIntegerField(
                        default=45,
                        help_text="Days after the void; if no invoice is drafted by then, it is a credit note.",
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(400),
                        ],
                    ),
                ),
                ("since", models.DateTimeField(help_text="It applies to what is voided from then on.")),
                ("reason", models.CharField(max_length=200)),
                (
                    "customer",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="void_terms",
                        to="leads.customer",
                    ),
                ),
                (
                    "set_by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "void terms",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="void_terms_say_why"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("wait_days__gte", 1), ("wait_days__lte", 400)),
                        name="void_terms_wait_for_some_days",
                    ),
                ],
                "indexes": [models.Index(fields=["customer", "-since"], name="void_terms_of_customer")],
            },
        ),
        migrations.CreateModel(
            name="WebhookEndpoint",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "attempts",
                    models.PositiveSmallIntegerField(
                        db_default=0, default=0, help_text="Number of attempts, counted before the work."
                    ),
                ),
                (
                    "next_attempt_at",
                    models.DateTimeField(
                        blank=True, help_text="When it is due. While a worker has it, when its lease ends.", null=True
                    ),
                ),
                ("name", models.CharField(max_length=100, unique=True)),
                ("url", models.URLField(max_length=500, verbose_name="address")),
                (
                    "kinds",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("invoice.issued", "Invoice issued"),
                                ("invoice.voided", "Invoice voided"),
                                ("invoice.paid", "Invoice paid"),
                                ("credit_note.issued", "Credit note issued"),
                                ("payment.received", "Payment received"),
                                ("dispute.opened", "Dispute opened"),
                                ("dispute.decided", "Dispute decided"),
                                ("period.closed", "Billing period closed"),
                                ("budget.reached_80", "80% of the budget used"),
                                ("budget.reached_100", "100% of the budget used"),
                                ("unrated.waiting", "Unrated actions are waiting"),
                            ],
                            max_length=30,
                        ),
                        size=None,
                        verbose_name="events",
                    ),
                ),
                (
                    "unrated_hours",
                    models.PositiveSmallIntegerField(
                        default=24,
                        help_text="How long an action is unrated before “Unrated actions are waiting” is sent.",
                        verbose_name="hours unrated",
                    ),
                ),
                ("is_active", models.BooleanField(default=True, verbose_name="active")),
                ("off_reason", models.CharField(blank=True, help_text="Why it was switched off.", max_length=300)),
                ("off_at", models.DateTimeField(blank=True, null=True)),
                (
                    "failing_since",
                    models.DateTimeField(
                        blank=True, help_text="The first failure since the last successful delivery.", null=True
                    ),
                ),
                (
                    "unreachable",
                    models.PositiveSmallIntegerField(
                        default=0, help_text="How often in a row it could not be reached, or asked us to slow down."
                    ),
                ),
                (
                    "not_before",
                    models.DateTimeField(
                        blank=True, help_text="Nothing is sent earlier, so that it can recover.", null=True
                    ),
                ),
                ("created_at", models.DateTimeField()),
                (
                    "created_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty: events of every customer.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="webhook_endpoints",
                        to="leads.customer",
                    ),
                ),
            ],
            options={
                "default_permissions": ("add", "change", "view"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kinds__len__gt", 0)), name="an_endpoint_is_told_something"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("is_active", True), ("off_at", None), ("off_reason", "")),
                            models.Q(
                                ("is_active", False),
                                ("off_at__isnull", False),
                                models.Q(("off_reason", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="an_endpoint_that_is_off_says_why",
                    ),
                ],
                "indexes": [
                    models.Index(
                        condition=models.Q(("next_attempt_at__isnull", False)),
                        fields=["next_attempt_at"],
                        name="endpoint_waiting",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="EventMail",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "attempts",
                    models.PositiveSmallIntegerField(
                        db_default=0, default=0, help_text="Number of attempts, counted before the work."
                    ),
                ),
                (
                    "next_attempt_at",
                    models.DateTimeField(
                        blank=True, help_text="When it is due. While a worker has it, when its lease ends.", null=True
                    ),
                ),
                ("requested_at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("sent", "Sent"),
                            ("dropped", "Not sent"),
                            ("failed", "Failed"),
                        ],
                        default="waiting",
                        max_length=7,
                    ),
                ),
                ("reason", models.CharField(blank=True, help_text="Why it was not sent, or not yet.", max_length=500)),
                ("settled_at", models.DateTimeField(blank=True, null=True)),
                (
                    "kind",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("invoice.issued", "Invoice issued"),
                            ("invoice.voided", "Invoice voided"),
                            ("invoice.paid", "Invoice paid"),
                            ("credit_note.issued", "Credit note issued"),
                            ("payment.received", "Payment received"),
                            ("dispute.opened", "Dispute opened"),
                            ("dispute.decided", "Dispute decided"),
                            ("period.closed", "Billing period closed"),
                            ("budget.reached_80", "80% of the budget used"),
                            ("budget.reached_100", "100% of the budget used"),
                            ("unrated.waiting", "Unrated actions are waiting"),
                        ],
                        max_length=30,
                    ),
                ),
                (
                    "events",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(),
                        blank=True,
                        default=list,
                        help_text="The events it tells of.",
                        size=None,
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="event_mails",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "endpoint",
                    models.ForeignKey(
                        blank=True,
                        help_text="The endpoint that was switched off, if it is about one.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="receivables.webhookendpoint",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "default_permissions": ("view",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("endpoint", None), ("events__len__gt", 0), models.Q(("kind", ""), _negated=True)),
                            models.Q(("endpoint__isnull", False), ("events__len", 0), ("kind", "")),
                            _connector="OR",
                        ),
                        name="an_event_mail_tells_of_events_or_of_an_endpoint",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("next_attempt_at__isnull", False), ("settled_at", None), ("state", "waiting")),
                            models.Q(
                                ("next_attempt_at", None),
                                ("settled_at__isnull", False),
                                models.Q(("state", "waiting"), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="an_event_mail_waits_or_is_settled",
                    ),
                ],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "waiting")), fields=["next_attempt_at"], name="event_mail_waiting"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="WebhookEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "uid",
                    models.UUIDField(
                        default=uuid.uuid4,
                        help_text="The ID that receivers see, the same for every attempt.",
                        unique=True,
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("invoice.issued", "Invoice issued"),
                            ("invoice.voided", "Invoice voided"),
                            ("invoice.paid", "Invoice paid"),
                            ("credit_note.issued", "Credit note issued"),
                            ("payment.received", "Payment received"),
                            ("dispute.opened", "Dispute opened"),
                            ("dispute.decided", "Dispute decided"),
                            ("period.closed", "Billing period closed"),
                            ("budget.reached_80", "80% of the budget used"),
                            ("budget.reached_100", "100% of the budget used"),
                            ("unrated.waiting", "Unrated actions are waiting"),
                            ("webhook.test", "Test"),
                        ],
                        max_length=30,
                    ),
                ),
                (
                    "subject",
                    models.CharField(help_text="What it is about, such as invoices.invoice:12.", max_length=120),
                ),
                (
                    "cause",
                    models.CharField(
                        blank=True,
                        help_text="For a state that lasts: identifies it, so that it is told once.",
                        max_length=200,
                    ),
                ),
                ("data", models.JSONField(default=dict, help_text="IDs and sums; no names, no addresses.")),
                ("occurred_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "distributed_at",
                    models.DateTimeField(
                        blank=True, help_text="When a delivery was created for each endpoint that is told.", null=True
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty for a test.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="leads.customer",
                    ),
                ),
            ],
            options={
                "default_permissions": ("view",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind", "webhook.test"), ("customer__isnull", False), _connector="OR"),
                        name="an_event_that_is_no_test_has_a_customer",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("cause", ""), _negated=True),
                        fields=("cause",),
                        name="a_lasting_state_is_told_once",
                    ),
                ],
                "indexes": [
                    models.Index(
                        condition=models.Q(("distributed_at", None)), fields=["id"], name="event_not_distributed"
                    ),
                    models.Index(fields=["occurred_at"], name="event_occurred"),
                ],
            },
        ),
        migrations.CreateModel(
            name="WebhookDelivery",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "number",
                    models.PositiveBigIntegerField(
                        blank=True,
                        help_text="Counts the events of its customer to its endpoint without a gap. Empty: a test.",
                        null=True,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "Waiting"), ("sent", "Delivered"), ("failed", "Failed")],
                        default="waiting",
                        max_length=7,
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0, help_text="Counted before each attempt.")),
                ("next_attempt_at", models.DateTimeField(blank=True, null=True)),
                (
                    "is_parked",
                    models.BooleanField(
                        default=False,
                        help_text="It failed several times, so later events no longer wait for it.",
                        verbose_name="parked",
                    ),
                ),
                (
                    "resent_at",
                    models.DateTimeField(blank=True, help_text="When a person last had it sent again.", null=True),
                ),
                ("attempted_at", models.DateTimeField(blank=True, null=True)),
                (
                    "status",
                    models.PositiveSmallIntegerField(
                        blank=True, help_text="The HTTP status of the last answer.", null=True
                    ),
                ),
                (
                    "answer",
                    models.CharField(blank=True, help_text="The start of the last answer's body.", max_length=500),
                ),
                ("reason", models.CharField(blank=True, help_text="Why the last attempt failed.", max_length=300)),
                ("settled_at", models.DateTimeField(blank=True, null=True)),
                (
                    "customer",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="leads.customer",
                    ),
                ),
                (
                    "endpoint",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deliveries",
                        to="receivables.webhookendpoint",
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deliveries",
                        to="receivables.webhookevent",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "webhook deliveries",
                "default_permissions": ("view",),
                "constraints": [
                    models.UniqueConstraint(fields=("endpoint", "event"), name="an_endpoint_is_told_of_an_event_once"),
                    models.UniqueConstraint(
                        fields=("endpoint", "customer", "number"), name="events_of_a_customer_are_numbered_by_endpoint"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("next_attempt_at__isnull", False), ("settled_at", None), ("state", "waiting")),
                            models.Q(
                                models.Q(("state", "waiting"), _negated=True),
                                ("next_attempt_at", None),
                                ("settled_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="a_delivery_waits_or_is_settled",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("customer", None), ("number", None)),
                            models.Q(("customer__isnull", False), ("number__gte", 1)),
                            _connector="OR",
                        ),
                        name="a_delivery_of_a_customer_has_a_number",
                    ),
                ],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "waiting")),
                        fields=["endpoint", "next_attempt_at"],
                        name="delivery_waiting",
                    ),
                    models.Index(
                        condition=models.Q(("is_parked", False), ("state", "waiting")),
                        fields=["endpoint", "customer", "number"],
                        name="delivery_that_others_wait_for",
                    ),
                    models.Index(fields=["endpoint", "-id"], name="delivery_of_endpoint"),
                ],
            },
        ),
        migrations.CreateModel(
            name="WebhookSecret",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sealed", models.BinaryField(help_text="Encrypted with a key derived from SECRET_KEY.")),
                ("hint", models.CharField(help_text="Its first characters.", max_length=12)),
                ("created_at", models.DateTimeField()),
                (
                    "expires_at",
                    models.DateTimeField(
                        blank=True, help_text="When it no longer signs. Empty: it is current.", null=True
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "endpoint",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="secrets",
                        to="receivables.webhookendpoint",
                    ),
                ),
            ],
            options={
                "default_permissions": ("view",),
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("expires_at", None)),
                        fields=("endpoint",),
                        name="an_endpoint_has_one_current_secret",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="WriteOff",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("amount", models.DecimalField(decimal_places=4, max_digits=40)),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("insolvent", "Customer is insolvent"),
                            ("uncollectible", "Can't be collected"),
                            ("small", "Too small to collect"),
                            ("settlement", "Agreed settlement"),
                        ],
                        max_length=13,
                    ),
                ),
                ("sentence", models.CharField(max_length=200)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting for approval"),
                            ("posted", "Posted"),
                            ("dropped", "Not approved"),
                        ],
                        default="waiting",
                        max_length=7,
                    ),
                ),
                ("written_at", models.DateTimeField()),
                (
                    "document",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="write_off",
                        to="receivables.ledgerdocument",
                    ),
                ),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="write_offs",
                        to="receivables.ledgerdocument",
                    ),
                ),
                (
                    "written_by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "write-off",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("amount__gt", 0)), name="a_write_off_gives_something_up"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("document__isnull", False), ("state", "posted")),
                            models.Q(models.Q(("state", "posted"), _negated=True), ("document", None)),
                            _connector="OR",
                        ),
                        name="a_posted_write_off_names_its_document",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "waiting")),
                        fields=("item",),
                        name="one_write_off_of_an_item_waits",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AccountMapping",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "account",
                    models.CharField(
                        choices=[
                            ("receivable", "Receivable"),
                            ("revenue", "Revenue"),
                            ("tax", "Tax"),
                            ("cash", "Cash"),
                            ("transit", "Money in transit"),
                            ("fees", "Payment fees"),
                            ("bad_debt", "Bad debt"),
                            ("unbilled", "Unbilled receivables"),
                        ],
                        max_length=10,
                        verbose_name="ledger account",
                    ),
                ),
                (
                    "tax",
                    models.CharField(
                        blank=True,
                        help_text="For a tax: its name and rate as on invoices, such as VAT 20%.",
                        max_length=60,
                    ),
                ),
                (
                    "code",
                    models.CharField(
                        help_text="Its code or name there, such as 4000.",
                        max_length=60,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\S", "Enter the account as your accounting system has it."
                            )
                        ],
                        verbose_name="account in your books",
                    ),
                ),
                (
                    "tax_code",
                    models.CharField(
                        blank=True,
                        help_text="For a tax: what QuickBooks or Xero call it, such as 20% (VAT on Income). For revenue: what they call sales without tax.",
                        max_length=60,
                        verbose_name="tax code in your books",
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        help_text="For revenue of one product. Empty: all other revenue.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="leads.product",
                    ),
                ),
                (
                    "seller",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        help_text="Empty: the seller in the settings.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="account_mappings",
                        to="leads.company",
                        verbose_name="company",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("seller", "account", "tax", "product"),
                        name="an_account_has_one_place_in_a_companys_books",
                        nulls_distinct=False,
                        violation_error_message="This company already has an account for it.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("account", "tax"), models.Q(("tax", ""), _negated=True)),
                            models.Q(models.Q(("account", "tax"), _negated=True), ("tax", "")),
                            _connector="OR",
                        ),
                        name="only_a_tax_account_names_a_tax",
                        violation_error_message="Name the tax for a tax account, and only there.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("product", None), ("account", "revenue"), _connector="OR"),
                        name="only_a_revenue_account_names_a_product",
                        violation_error_message="Only revenue can have an account per product.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AccountNote",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", models.TextField(max_length=2000)),
                ("written_at", models.DateTimeField()),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="account_notes", to="leads.customer"
                    ),
                ),
                (
                    "written_by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("text", ""), _negated=True), name="a_note_says_something"
                    )
                ],
            },
        ),
        # The reasons for disputes and credit notes, with their usual terms.
        migrations.RunPython(write_the_reasons, migrations.RunPython.noop),
        InstallSql("receivables", "models/sql/allocations_never_exceed_their_items.sql", "ccc8ff77f2c1"),
        InstallSql("receivables", "models/sql/postings_of_a_document_balance.sql", "be8b5ecbf8b3"),
        InstallSql("receivables", "models/sql/the_ledger_is_append_only.sql", "d793e70807b8"),
        InstallSql("receivables", "models/sql/account_notes_are_kept.sql", "c41dd8bf7cf8"),
        InstallSql("receivables", "models/sql/exports_to_the_books_are_kept.sql", "319ea6a9c261"),
        InstallSql("receivables", "models/sql/credit_notes_change_as_drafts_only.sql", "5f39a9fe4fbd"),
        InstallSql("receivables", "models/sql/credit_notes_never_exceed_their_invoice.sql", "a1bdf7571931"),
        InstallSql("receivables", "models/sql/a_stored_paper_never_changes.sql", "5f199fa2d4bb"),
        InstallSql("receivables", "models/sql/disputes_move_only_forward.sql", "a8b5c1da65f1"),
        InstallSql("receivables", "models/sql/payments_are_kept.sql", "0db0c6f01f1d"),
        InstallSql("receivables", "models/sql/a_dispute_is_told.sql", "cf8435f557ef"),
        InstallSql("receivables", "models/sql/events_are_written_with_what_happened.sql", "ce6884805a48"),
        InstallSql("receivables", "models/sql/mailed_statements_are_kept.sql", "a5d05fd87433"),
        InstallSql("receivables", "models/sql/online_payments_are_kept.sql", "ad0a5f5570fb"),
        InstallSql("receivables", "models/sql/void_terms_are_kept.sql", "20bb0253637d"),
    ]
