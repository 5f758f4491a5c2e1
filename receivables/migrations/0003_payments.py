import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from billing_engine.core.sql_files import InstallSql


class Migration(migrations.Migration):
    dependencies = [
        ("invoices", "0001_initial"),
        ("leads", "0002_payments"),
        ("receivables", "0002_reasons"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
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
            ],
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
            ],
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
            ],
        ),
        migrations.CreateModel(
            name="BankStatement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(help_text="The bank's id of the statement.", max_length=70)),
                ("opening", models.DecimalField(blank=True, decimal_places=4, max_digits=40, null=True)),
                ("closing", models.DecimalField(blank=True, decimal_places=4, max_digits=40, null=True)),
                ("is_live", models.BooleanField(default=True, help_text="Not discarded or undone.")),
            ],
        ),
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
                            ("other", "Other"),
                        ],
                        default="transfer",
                        max_length=8,
                    ),
                ),
                ("payer_name", models.CharField(blank=True, max_length=140)),
                ("payer_account", models.CharField(blank=True, max_length=34)),
                ("note", models.CharField(blank=True, max_length=200)),
            ],
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
            ],
            options={"verbose_name": "write-off"},
        ),
        migrations.RemoveConstraint(
            model_name="ledgerdocument",
            name="a_document_stands_on_the_side_of_its_kind",
        ),
        migrations.AddConstraint(
            model_name="ledgerdocument",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind__in", ["return", "refund"]), ("side", "debit")),
                    models.Q(("kind__in", ["credit_note", "payment"]), ("side", "credit")),
                    models.Q(("kind", "payout"), ("side", "")),
                    models.Q(("kind__in", ["invoice", "void", "write_off"]), ("side__in", ["debit", "credit"])),
                    _connector="OR",
                ),
                name="a_document_stands_on_the_side_of_its_kind",
            ),
        ),
        migrations.AddField(
            model_name="bankaccount",
            name="seller",
            field=models.ForeignKey(
                blank=True,
                help_text="Whose account it is. Empty: the seller in the settings.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="bank_accounts",
                to="leads.company",
            ),
        ),
        migrations.AddField(
            model_name="bankfile",
            name="account",
            field=models.ForeignKey(
                blank=True,
                help_text="For a CSV file, which does not name its account.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="files",
                to="receivables.bankaccount",
            ),
        ),
        migrations.AddField(
            model_name="bankfile",
            name="asked_by",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                help_text="Who confirmed or undid it.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="bankfile",
            name="uploaded_by",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="bankrow",
            name="customer",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="leads.customer",
            ),
        ),
        migrations.AddField(
            model_name="bankrow",
            name="document",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="bank_row",
                to="receivables.ledgerdocument",
            ),
        ),
        migrations.AddField(
            model_name="bankstatement",
            name="account",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="statements", to="receivables.bankaccount"
            ),
        ),
        migrations.AddField(
            model_name="bankstatement",
            name="file",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="statements", to="receivables.bankfile"
            ),
        ),
        migrations.AddField(
            model_name="bankrow",
            name="statement",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="rows", to="receivables.bankstatement"
            ),
        ),
        migrations.AddField(
            model_name="bankfile",
            name="mapping",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="receivables.csvmapping",
            ),
        ),
        migrations.AddField(
            model_name="payment",
            name="account",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="payments",
                to="receivables.bankaccount",
            ),
        ),
        migrations.AddField(
            model_name="payment",
            name="row",
            field=models.ForeignKey(
                blank=True,
                help_text="The row of the bank file that it was booked from.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="payments",
                to="receivables.bankrow",
            ),
        ),
        migrations.AddField(
            model_name="payment",
            name="undoes",
            field=models.ForeignKey(
                blank=True,
                help_text="The credit that is refunded, the payment that is returned, or the return whose money came back.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="undone_by",
                to="receivables.ledgerdocument",
            ),
        ),
        migrations.AddField(
            model_name="writeoff",
            name="document",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="write_off",
                to="receivables.ledgerdocument",
            ),
        ),
        migrations.AddField(
            model_name="writeoff",
            name="item",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="write_offs", to="receivables.ledgerdocument"
            ),
        ),
        migrations.AddField(
            model_name="writeoff",
            name="written_by",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="bankaccount",
            constraint=models.UniqueConstraint(
                fields=("number", "currency"),
                name="a_bank_account_is_entered_once",
                violation_error_message="This account has been entered already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="bankstatement",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_live", True)), fields=("account", "number"), name="a_statement_is_read_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="bankrow",
            constraint=models.UniqueConstraint(
                fields=("statement", "place"), name="a_place_in_a_statement_has_one_row"
            ),
        ),
        migrations.AddConstraint(
            model_name="bankrow",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("document__isnull", False), ("state", "booked")),
                    models.Q(models.Q(("state", "booked"), _negated=True), ("document", None)),
                    _connector="OR",
                ),
                name="a_booked_row_names_its_document",
            ),
        ),
        migrations.AddIndex(
            model_name="bankrow", index=models.Index(fields=["fingerprint"], name="bank_row_fingerprint")
        ),
        migrations.AddIndex(
            model_name="bankfile",
            index=models.Index(
                condition=models.Q(("state__in", ("waiting", "booking", "undoing"))),
                fields=["next_attempt_at"],
                name="bank_file_unsettled",
            ),
        ),
        migrations.AddConstraint(
            model_name="bankfile",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ("failed", "discarded", "undone")), _negated=True),
                fields=("sha256",),
                name="a_bank_file_is_read_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="bankfile",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "failed"), _negated=True),
                    models.Q(("message", ""), _negated=True),
                    _connector="OR",
                ),
                name="a_refused_bank_file_says_why",
            ),
        ),
        migrations.AddConstraint(
            model_name="bankfile",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("next_attempt_at__isnull", False), ("state__in", ("waiting", "booking", "undoing"))),
                    models.Q(
                        models.Q(("state__in", ("waiting", "booking", "undoing")), _negated=True),
                        ("next_attempt_at", None),
                    ),
                    _connector="OR",
                ),
                name="a_bank_file_that_waits_says_until_when",
            ),
        ),
        migrations.AddIndex(
            model_name="payment",
            index=models.Index(
                condition=models.Q(("payer_account", ""), _negated=True),
                fields=["payer_account"],
                name="payments_of_a_payer",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("undoes", None), models.Q(("undoes", models.F("document")), _negated=True), _connector="OR"
                ),
                name="a_payment_never_undoes_itself",
            ),
        ),
        migrations.AddConstraint(
            model_name="writeoff",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gt", 0)), name="a_write_off_gives_something_up"
            ),
        ),
        migrations.AddConstraint(
            model_name="writeoff",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("document__isnull", False), ("state", "posted")),
                    models.Q(models.Q(("state", "posted"), _negated=True), ("document", None)),
                    _connector="OR",
                ),
                name="a_posted_write_off_names_its_document",
            ),
        ),
        migrations.AddConstraint(
            model_name="writeoff",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "waiting")), fields=("item",), name="one_write_off_of_an_item_waits"
            ),
        ),
        InstallSql("receivables", "models/sql/payments_are_kept.sql", "0db0c6f01f1d"),
    ]
