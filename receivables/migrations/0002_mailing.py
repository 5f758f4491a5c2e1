import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from billing_engine.core.sql_files import InstallSql


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0001_initial"),
        ("receivables", "0002_speed"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="reminder",
            name="paper",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                help_text="The PDF that it carries.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="receivables.paper",
            ),
        ),
        migrations.AlterField(
            model_name="reminder",
            name="customer",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="%(class)ss", to="leads.customer"
            ),
        ),
        migrations.AlterField(
            model_name="reminder",
            name="state",
            field=models.CharField(
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
        migrations.AlterField(
            model_name="reminderrun",
            name="started_by",
            field=models.ForeignKey(
                blank=True,
                help_text="Empty: it started by itself.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
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
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "waiting")),
                        fields=["next_attempt_at"],
                        name="statement_mail_waiting",
                    )
                ],
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
                "indexes": [
                    models.Index(
                        condition=models.Q(("is_monthly", True)), fields=["next_at"], name="statement_schedule_due"
                    )
                ],
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
            },
        ),
        InstallSql("receivables", "models/sql/mailed_statements_are_kept.sql", "a5d05fd87433"),
    ]
