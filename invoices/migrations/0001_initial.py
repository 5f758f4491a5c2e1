from typing import Any

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.core.validators
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

from billing_engine.core.sql_files import InstallSql

SUBJECT = "Invoice {number}, {period}: {total} due {due_on}"
BODY = """Dear {customer},

Invoice {number} for {period} is attached.

Total due: {total}
Due date: {due_on}

{pay_to}

Pay online: {pay_online}

See the invoice: {portal}

Is anything about it unclear? Write to {seller_email}.

{seller}
"""


def write_the_template_for_all(apps: Any, schema_editor: object) -> None:  # noqa: ARG001 -- Django calls it so
    apps.get_model("invoices", "MailTemplate").objects.create(customer=None, subject=SUBJECT, body=BODY)


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("core", "0001_initial"),
        ("auth", "__first__"),
        ("leads", "0001_initial"),
        ("pricing", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="BillingCycle",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "attempts",
                    models.PositiveSmallIntegerField(
                        db_default=0, default=0, help_text="Number of attempts, counted before the work."
                    ),
                ),
                (
                    "trying",
                    models.BigIntegerField(
                        db_default=0, default=0, help_text="The first thing of the batch that a worker processed last."
                    ),
                ),
                (
                    "one_by_one",
                    models.PositiveSmallIntegerField(
                        db_default=0,
                        default=0,
                        help_text="How many things are processed one by one, because together they failed or their worker ended.",
                    ),
                ),
                (
                    "label",
                    models.CharField(help_text="The name of the cycle, such as 2026-10.", max_length=10, unique=True),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "Open"), ("locked", "Locked"), ("closed", "Closed")],
                        default="open",
                        max_length=6,
                    ),
                ),
                (
                    "bulk_action",
                    models.CharField(
                        blank=True,
                        choices=[("", "Nothing"), ("approve", "Approving"), ("issue", "Issuing"), ("send", "Sending")],
                        help_text="The bulk action in progress on its invoices.",
                        max_length=7,
                    ),
                ),
                (
                    "bulk_issued_on",
                    models.DateField(
                        blank=True,
                        help_text="For issuing: the date of the invoices. Empty: the day each is issued.",
                        null=True,
                    ),
                ),
                (
                    "bulk_action_by",
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
                "verbose_name_plural": "month close",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("bulk_action", ""), ("bulk_action_by__isnull", False), _connector="OR"),
                        name="a_bulk_action_names_who_started_it",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="BillingRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("cycle", models.CharField(help_text="The cycle to bill, such as 2026-10 or 2026-W43.", max_length=10)),
                ("started_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                (
                    "paused_at",
                    models.DateTimeField(
                        blank=True, help_text="When it was paused; empty once it is resumed.", null=True
                    ),
                ),
                (
                    "paused_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "started_by",
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
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("finished_at", None), ("paused_at", None), _connector="OR"),
                        name="a_finished_run_is_not_paused",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("finished_at", None)),
                        fields=("cycle",),
                        name="one_run_of_a_cycle_at_a_time",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="BillingSchedule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "cycle",
                    models.CharField(
                        choices=[("monthly", "Monthly"), ("weekly", "Weekly"), ("fortnightly", "Every two weeks")],
                        max_length=12,
                        unique=True,
                    ),
                ),
                (
                    "is_active",
                    models.BooleanField(
                        default=False,
                        help_text="Runs bill each period once it has ended in its customer's time zone and its grace days have passed.",
                        verbose_name="starts automatically",
                    ),
                ),
                (
                    "grace_days",
                    models.PositiveSmallIntegerField(
                        default=0,
                        help_text="Days after the end of a period during which late leads can still arrive; at most 31.",
                        validators=[django.core.validators.MaxValueValidator(31)],
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("grace_days__lte", 31)), name="grace_days_are_at_most_a_month"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CycleStep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("run", "Billing run started"),
                            ("approve", "Approve all"),
                            ("locked", "Locked"),
                            ("reopened", "Reopened"),
                            ("issue", "Issue all"),
                            ("send", "Send all"),
                            ("period", "Period reopened"),
                            ("void", "Invoice voided"),
                            ("rebill", "Billed again"),
                            ("closed", "Closed"),
                        ],
                        max_length=8,
                    ),
                ),
                ("at", models.DateTimeField()),
                ("reason", models.CharField(blank=True, max_length=500)),
                (
                    "about",
                    models.CharField(
                        blank=True, db_default="", help_text="The cycle, period or invoice concerned.", max_length=300
                    ),
                ),
                (
                    "done",
                    models.PositiveIntegerField(
                        db_default=0, default=0, help_text="For a bulk action: the number of invoices processed."
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty: the schedule.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "cycle",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="steps", to="invoices.billingcycle"
                    ),
                ),
                (
                    "period",
                    models.ForeignKey(
                        blank=True,
                        help_text="For a step on a single period or its invoice.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="cycle_steps",
                        to="leads.billingperiod",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "reopened"), _negated=True),
                            models.Q(("reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="a_reopened_cycle_has_a_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("by__isnull", False), ("kind", "run"), _connector="OR"),
                        name="only_a_run_starts_without_a_person",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MailTemplate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("subject", models.CharField(max_length=400)),
                ("body", models.TextField(max_length=20000, verbose_name="message")),
                (
                    "customer",
                    models.OneToOneField(
                        blank=True,
                        help_text="Empty: used for every customer without a custom template.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="mail_template",
                        to="leads.customer",
                    ),
                ),
            ],
            options={
                "verbose_name": "email template",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("customer",), name="a_customer_has_one_mail_template", nulls_distinct=False
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="NumberSeries",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "year",
                    models.PositiveSmallIntegerField(
                        help_text="The year of the issue date in the customer's time zone."
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("invoice", "Invoices"), ("credit_note", "Credit notes")],
                        db_default="invoice",
                        default="invoice",
                        max_length=11,
                    ),
                ),
                ("last", models.PositiveIntegerField(default=0)),
                (
                    "seller",
                    models.ForeignKey(
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
                "verbose_name_plural": "number series",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("seller", "year", "kind"),
                        name="a_seller_has_one_number_series_a_year",
                        nulls_distinct=False,
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Invoice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[("draft", "Draft"), ("approved", "Approved"), ("issued", "Issued"), ("void", "Void")],
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
                ("currency", models.CharField(max_length=3)),
                (
                    "subtotal",
                    models.DecimalField(decimal_places=4, default=0, help_text="The sum of the lines.", max_digits=40),
                ),
                (
                    "tax",
                    models.DecimalField(decimal_places=4, default=0, help_text="The sum of the taxes.", max_digits=40),
                ),
                (
                    "credit",
                    models.DecimalField(
                        db_default=0,
                        decimal_places=4,
                        default=0,
                        help_text="Negative: paid from the customer's credit balance. Positive: carried forward to it.",
                        max_digits=40,
                    ),
                ),
                ("total", models.DecimalField(decimal_places=4, default=0, max_digits=40)),
                (
                    "tax_exempt_reason",
                    models.CharField(
                        blank=True, db_default="", help_text="Why the invoice has no tax.", max_length=200
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("approved_at", models.DateTimeField(blank=True, null=True)),
                (
                    "approved_over",
                    models.PositiveIntegerField(
                        db_default=0,
                        default=0,
                        help_text="The number of voided actions on it when it was approved anyway.",
                    ),
                ),
                ("approved_over_reason", models.CharField(blank=True, db_default="", max_length=200)),
                ("issued_at", models.DateTimeField(blank=True, null=True)),
                ("voided_at", models.DateTimeField(blank=True, null=True)),
                ("void_reason", models.CharField(blank=True, db_default="", max_length=200)),
                (
                    "issued_on",
                    models.DateField(blank=True, help_text="The issue date in the customer's time zone.", null=True),
                ),
                ("due_on", models.DateField(blank=True, null=True)),
                (
                    "sent_at",
                    models.DateTimeField(blank=True, help_text="When it was first sent to the customer.", null=True),
                ),
                (
                    "seller",
                    models.JSONField(blank=True, default=dict, help_text="The seller's details at the time of issue."),
                ),
                (
                    "bill_to",
                    models.JSONField(
                        blank=True, default=dict, help_text="The customer's details at the time of issue."
                    ),
                ),
                (
                    "unprintable",
                    models.CharField(
                        blank=True,
                        db_default="",
                        help_text="Characters in the annex that our fonts do not have, found when the invoice was drafted.",
                        max_length=100,
                    ),
                ),
                (
                    "approved_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="invoices",
                        to="leads.customer",
                    ),
                ),
                (
                    "issued_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "period",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="invoices", to="leads.billingperiod"
                    ),
                ),
                (
                    "voided_by",
                    models.ForeignKey(
                        blank=True,
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
                        related_name="invoices",
                        to="invoices.numberseries",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "void"), _negated=True),
                        fields=("period",),
                        name="a_period_has_one_invoice_that_is_not_void",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("due_on__isnull", False),
                                ("issued_at__isnull", False),
                                ("number__isnull", False),
                                ("state__in", ["issued", "void"]),
                            ),
                            models.Q(
                                ("issued_at", None),
                                ("number", None),
                                ("sent_at", None),
                                ("state__in", ["draft", "approved"]),
                            ),
                            _connector="OR",
                        ),
                        name="an_invoice_has_its_number_from_issue_on",
                    ),
                    models.UniqueConstraint(fields=("series", "serial"), name="a_series_gives_each_number_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("number", None), ("serial", None), ("series", None)),
                            models.Q(("number__isnull", False), ("serial__gte", 1), ("series__isnull", False)),
                            _connector="OR",
                        ),
                        name="a_number_has_its_place_in_a_series",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("state", "void"),
                                ("voided_at__isnull", False),
                                ("voided_by__isnull", False),
                                models.Q(("void_reason", ""), _negated=True),
                            ),
                            models.Q(
                                models.Q(("state", "void"), _negated=True),
                                ("void_reason", ""),
                                ("voided_at", None),
                                ("voided_by", None),
                            ),
                            _connector="OR",
                        ),
                        name="a_void_invoice_says_when_by_whom_and_why",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("approved_at", None), ("state", "draft")),
                            models.Q(models.Q(("state", "draft"), _negated=True), ("approved_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="an_invoice_is_approved_before_it_is_issued",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("voided_by", None),
                            ("issued_by", None),
                            models.Q(("voided_by", models.F("issued_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="the_issuer_of_an_invoice_never_voids_it",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("approved_over", 0), ("approved_over_reason", "")),
                            models.Q(("approved_over__gt", 0), models.Q(("approved_over_reason", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="what_is_approved_over_voids_says_why",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "total",
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("subtotal"), "+", models.F("tax")
                                    ),
                                    "+",
                                    models.F("credit"),
                                ),
                            )
                        ),
                        name="an_invoice_total_is_lines_plus_tax_and_credit",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("total__gte", 0)), name="an_invoice_total_is_not_negative"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("credit__lte", 0), ("total", 0), _connector="OR"),
                        name="what_is_carried_to_the_balance_leaves_nothing_to_pay",
                    ),
                ],
                "indexes": [
                    models.Index(fields=["customer", "created_at"], name="invoice_of_customer"),
                    models.Index(
                        models.OrderBy(models.F("issued_at"), descending=True, nulls_first=True),
                        models.OrderBy(models.F("number"), descending=True),
                        models.OrderBy(models.F("id"), descending=True),
                        name="invoice_latest_first",
                    ),
                    models.Index(
                        django.contrib.postgres.indexes.OpClass(
                            django.db.models.functions.text.Reverse("number"), "text_pattern_ops"
                        ),
                        name="invoice_number_end",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="InvoiceLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveIntegerField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("charges", "Charges"),
                            ("minimum", "Monthly minimum"),
                            ("adjustment", "Adjustment"),
                            ("credit_line", "Credit"),
                            ("not_charged", "Not charged"),
                        ],
                        max_length=11,
                    ),
                ),
                ("description", models.CharField(max_length=500)),
                (
                    "reason",
                    models.CharField(blank=True, help_text="Why these actions were not charged.", max_length=20),
                ),
                (
                    "late_from",
                    models.CharField(
                        blank=True,
                        help_text="For late activity: the first day of the week or month in which it occurred.",
                        max_length=10,
                    ),
                ),
                ("actions", models.PositiveIntegerField(default=0)),
                ("quantity", models.DecimalField(decimal_places=6, default=0, max_digits=40)),
                (
                    "unit",
                    models.CharField(
                        blank=True, help_text="The unit of the quantity when the line was drafted.", max_length=40
                    ),
                ),
                (
                    "exact_amount",
                    models.DecimalField(
                        decimal_places=6, default=0, help_text="The sum before rounding.", max_digits=40
                    ),
                ),
                ("amount", models.DecimalField(decimal_places=4, max_digits=40)),
                (
                    "cut_by_budget",
                    models.DecimalField(
                        db_default=0,
                        decimal_places=6,
                        default=0,
                        help_text="The amount cut by a hard monthly budget.",
                        max_digits=40,
                    ),
                ),
                ("detail", models.JSONField(blank=True, default=list, help_text="Quantity and amount tier by tier.")),
                (
                    "copied_taxes",
                    models.JSONField(
                        blank=True,
                        db_default=[],
                        default=list,
                        help_text="Of a credit: its taxes, as the invoice that it corrects had them.",
                    ),
                ),
                (
                    "action_type",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="leads.actiontype",
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="leads.product",
                    ),
                ),
                (
                    "rule",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="pricing.pricerule",
                    ),
                ),
                (
                    "invoice",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="lines",
                        to="invoices.invoice",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("invoice", "position"), name="an_invoice_line_has_its_own_position"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("kind__in", ["adjustment", "credit_line"]), _negated=True),
                        fields=("invoice", "kind", "product", "action_type", "rule", "reason", "late_from"),
                        name="every_charge_is_on_exactly_one_line",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "not_charged"), _negated=True),
                            models.Q(("amount", 0), models.Q(("reason", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="what_is_not_charged_costs_nothing",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "credit_line"), _negated=True), ("amount__lt", 0), _connector="OR"
                        ),
                        name="a_credit_line_is_below_zero",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind", "credit_line"), ("copied_taxes", []), _connector="OR"),
                        name="only_a_credit_line_copies_taxes",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="BillingRunItem",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "attempts",
                    models.PositiveSmallIntegerField(
                        db_default=0, default=0, help_text="Number of attempts, counted before the work."
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("billed", "Billed"),
                            ("nothing", "Nothing to bill"),
                            ("failed", "Failed"),
                        ],
                        default="waiting",
                        max_length=7,
                    ),
                ),
                (
                    "code",
                    models.CharField(blank=True, help_text="Why it failed, as a code for programs.", max_length=40),
                ),
                ("message", models.TextField(blank=True, help_text="Why it failed, as text for people.")),
                ("settled_at", models.DateTimeField(blank=True, null=True)),
                (
                    "period",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="run_items", to="leads.billingperiod"
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="items",
                        to="invoices.billingrun",
                    ),
                ),
                (
                    "invoice",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="run_items",
                        to="invoices.invoice",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("run", "period"), name="a_run_bills_a_period_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("settled_at", None), ("state", "waiting")),
                            models.Q(models.Q(("state", "waiting"), _negated=True), ("settled_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="a_settled_run_item_says_when",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "failed"), _negated=True),
                            models.Q(("message", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="a_failed_run_item_says_why",
                    ),
                ],
                "indexes": [
                    models.Index(condition=models.Q(("state", "waiting")), fields=["run"], name="run_item_waiting")
                ],
            },
        ),
        migrations.CreateModel(
            name="InvoiceDocument",
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
                        choices=[("invoice", "Invoice"), ("void", "Void invoice")], default="invoice", max_length=7
                    ),
                ),
                (
                    "source",
                    models.JSONField(
                        blank=True,
                        help_text="The document's content, if it can no longer be derived from the invoice's charges.",
                        null=True,
                    ),
                ),
                (
                    "invoice",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="documents",
                        to="invoices.invoice",
                    ),
                ),
                (
                    "replaced_by",
                    models.ForeignKey(
                        blank=True,
                        help_text="The replacement invoice that this document names.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="invoices.invoice",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("invoice", "kind", "replaced_by"),
                        name="an_invoice_has_each_document_once",
                        nulls_distinct=False,
                    ),
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
                        name="a_kept_document_has_its_bytes_and_their_digest",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("next_attempt_at__isnull", False), ("state", "waiting")),
                            models.Q(models.Q(("state", "waiting"), _negated=True), ("next_attempt_at", None)),
                            _connector="OR",
                        ),
                        name="a_waiting_document_has_a_next_attempt",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "failed"), _negated=True),
                            models.Q(("reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="a_failed_document_says_why",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("replaced_by", None), ("kind", "void"), _connector="OR"),
                        name="only_a_void_document_names_a_replacement",
                    ),
                ],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "waiting")), fields=["next_attempt_at"], name="document_waiting"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="InvoiceMail",
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
                            ("void", "Not sent: void"),
                        ],
                        default="waiting",
                        max_length=7,
                    ),
                ),
                (
                    "invoice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="mails", to="invoices.invoice"
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
                "verbose_name": "invoice email",
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("to__len__gt", 0)), name="a_mail_has_a_recipient"),
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
                        name="a_settled_mail_says_when",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["waiting", "sent"]), models.Q(("reason", ""), _negated=True), _connector="OR"
                        ),
                        name="a_failed_mail_says_why",
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
                        name="a_sent_mail_names_its_pdf_and_server",
                    ),
                ],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "waiting")), fields=["next_attempt_at"], name="mail_waiting"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="InvoiceTax",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveSmallIntegerField()),
                ("name", models.CharField(max_length=40)),
                ("rate", models.DecimalField(decimal_places=4, help_text="Percent.", max_digits=7)),
                (
                    "categories",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text="The product categories it applies to, each with the sum of its lines; empty: every line.",
                    ),
                ),
                (
                    "base",
                    models.DecimalField(
                        decimal_places=4, help_text="The sum of the lines it applies to.", max_digits=40
                    ),
                ),
                ("amount", models.DecimalField(decimal_places=4, max_digits=40)),
                (
                    "invoice",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="taxes",
                        to="invoices.invoice",
                    ),
                ),
                (
                    "line",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        help_text="The credit that it belongs to, copied from the corrected invoice. Empty: it is on the other lines.",
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="invoices.invoiceline",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "invoice taxes",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("invoice", "name", "rate", "line"),
                        name="an_invoice_has_one_tax_of_a_name_and_rate",
                        nulls_distinct=False,
                    ),
                    models.UniqueConstraint(fields=("invoice", "position"), name="an_invoice_tax_has_its_own_position"),
                    models.CheckConstraint(
                        condition=models.Q(("rate__gte", 0), ("rate__lt", 100)), name="an_invoice_tax_is_a_percentage"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ProofKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public", models.CharField(help_text="Ed25519, in hexadecimal digits.", max_length=64, unique=True)),
                (
                    "digest",
                    models.CharField(help_text="SHA-256 of the public key, as printed on invoices.", max_length=64),
                ),
                ("valid_from", models.DateTimeField(help_text="Inclusive.")),
                ("valid_to", models.DateTimeField(blank=True, help_text="Exclusive. Empty: still in use.", null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("valid_to", None)),
                        fields=("valid_to",),
                        name="one_proof_key_is_in_use",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_to", None), ("valid_to__gte", models.F("valid_from")), _connector="OR"
                        ),
                        name="a_proof_key_ends_after_it_starts",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="InvoiceProof",
            fields=[
                (
                    "invoice",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="proof",
                        serialize=False,
                        to="invoices.invoice",
                    ),
                ),
                ("position", models.PositiveIntegerField(help_text="The place in the chain, from 1.")),
                ("charges", models.PositiveIntegerField(help_text="Number of actions, charged or not.")),
                (
                    "root",
                    models.CharField(
                        help_text="The root of the tree over all charges.", max_length=64, verbose_name="fingerprint"
                    ),
                ),
                ("manifest", models.BinaryField(help_text="What is signed, byte for byte.")),
                ("digest", models.CharField(help_text="SHA-256 of the manifest.", max_length=64)),
                (
                    "previous",
                    models.CharField(
                        blank=True,
                        help_text="The digest of the manifest before it in the chain. Empty: the first.",
                        max_length=64,
                    ),
                ),
                ("signature", models.BinaryField()),
                ("sealed_at", models.DateTimeField()),
                ("size", models.PositiveBigIntegerField(help_text="Of the bundle, in bytes.")),
                ("sha256", models.CharField(max_length=64, verbose_name="digest of the bundle")),
                (
                    "key",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="proofs",
                        to="invoices.proofkey",
                    ),
                ),
                (
                    "seller",
                    models.ForeignKey(
                        db_index=False,
                        help_text="Whose chain it is in. Empty: the seller in the settings.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="leads.company",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("seller", "position"),
                        name="a_chain_of_proofs_has_each_place_once",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("position", 1), ("previous", "")),
                            models.Q(("position__gt", 1), models.Q(("previous", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="only_the_first_proof_follows_none",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ProofPart",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("content", models.BinaryField()),
                (
                    "proof",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="parts",
                        to="invoices.invoiceproof",
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("proof", "number"), name="a_proof_has_each_part_once")],
            },
        ),
        migrations.CreateModel(
            name="SkippedInvoice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=300)),
                ("code", models.CharField(max_length=40)),
                ("message", models.TextField()),
                (
                    "invoice",
                    models.ForeignKey(
                        help_text="Empty: the draft was regenerated or deleted.",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="skips",
                        to="invoices.invoice",
                    ),
                ),
                (
                    "step",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="skipped", to="invoices.cyclestep"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("step", "invoice"), name="a_bulk_action_skips_an_invoice_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Adjustment",
            fields=[
                (
                    "line",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="adjustment",
                        serialize=False,
                        to="invoices.invoiceline",
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        help_text="For internal records only; the customer sees the line's text.", max_length=200
                    ),
                ),
                ("adjusted_at", models.DateTimeField()),
                (
                    "adjusted_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="an_adjustment_says_why"
                    )
                ],
            },
        ),
        # The email template for every customer without a custom one.
        migrations.RunPython(write_the_template_for_all, migrations.RunPython.noop),
        # Drafts.
        InstallSql("invoices", "models/sql/lines_change_on_drafts_only.sql", "8ad0d7856b91"),
        InstallSql("invoices", "models/sql/taxes_change_on_drafts_only.sql", "b7597007b35c"),
        InstallSql("invoices", "models/sql/adjustments_change_on_drafts_only.sql", "fc54607af489"),
        # Issued invoices, their documents and emails.
        InstallSql("invoices", "models/sql/an_issued_invoice_is_only_sent_or_voided.sql", "a81192a672ba"),
        InstallSql("invoices", "models/sql/an_approved_invoice_is_only_issued_or_sent_back.sql", "5290052d50ec"),
        InstallSql("invoices", "models/sql/the_document_of_an_invoice_never_changes.sql", "6158ab1c449f"),
        InstallSql("invoices", "models/sql/a_settled_mail_never_changes.sql", "1adec50efccc"),
        # Reopened periods.
        InstallSql("invoices", "models/sql/a_period_that_is_issued_never_reopens.sql", "e4f0d39967bb"),
        # What was undone.
        InstallSql("invoices", "models/sql/next_in_series.sql", "51179a78b65b"),
        InstallSql("invoices", "models/sql/a_period_reopens_only_for_a_recorded_reason.sql", "653f0b3e3c32"),
        InstallSql("invoices", "models/sql/invoices_are_never_emptied.sql", "dfa4adb110c3"),
        InstallSql("invoices", "models/sql/proofs_are_append_only.sql", "20b60b50a464"),
    ]
