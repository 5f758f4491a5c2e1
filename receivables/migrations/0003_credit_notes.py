"""Credit notes."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from billing_engine.core.sql_files import InstallSql


class Migration(migrations.Migration):
    dependencies = [
        ("invoices", "0002_credit_notes"),
        ("leads", "0002_credit_notes"),
        ("receivables", "0003_ageing"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CreditNote",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[("draft", "Draft"), ("approved", "Approved"), ("issued", "Issued")],
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
                    "reason",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="credit_notes",
                        to="receivables.reason",
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
            ],
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
            },
        ),
        migrations.AddIndex(
            model_name="creditnote",
            index=models.Index(
                models.OrderBy(models.F("issued_at"), descending=True, nulls_first=True),
                models.OrderBy(models.F("id"), descending=True),
                name="credit_note_latest_first",
            ),
        ),
        migrations.AddConstraint(
            model_name="creditnote",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("document__isnull", False),
                        ("issued_at__isnull", False),
                        ("issued_on__isnull", False),
                        ("number__isnull", False),
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
                        ("serial", None),
                        ("series", None),
                    ),
                    _connector="OR",
                ),
                name="a_credit_note_has_its_number_from_issue_on",
            ),
        ),
        migrations.AddConstraint(
            model_name="creditnote",
            constraint=models.UniqueConstraint(
                fields=("series", "serial"), name="a_series_gives_each_credit_note_number_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="creditnote",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("approved_at", None), ("approved_by", None), ("state", "draft")),
                    models.Q(models.Q(("state", "draft"), _negated=True), ("approved_at__isnull", False)),
                    _connector="OR",
                ),
                name="a_credit_note_is_approved_before_it_is_issued",
            ),
        ),
        migrations.AddConstraint(
            model_name="creditnote",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "total",
                        django.db.models.expressions.CombinedExpression(models.F("subtotal"), "+", models.F("tax")),
                    )
                ),
                name="a_credit_note_total_is_lines_plus_tax",
            ),
        ),
        migrations.AddConstraint(
            model_name="creditnote",
            constraint=models.CheckConstraint(
                condition=models.Q(("total__gt", 0)), name="a_credit_note_credits_something"
            ),
        ),
        migrations.AddConstraint(
            model_name="creditnote",
            constraint=models.CheckConstraint(
                condition=models.Q(("sentence", ""), _negated=True), name="a_credit_note_says_why"
            ),
        ),
        migrations.AddConstraint(
            model_name="creditnoteline",
            constraint=models.UniqueConstraint(fields=("note", "line"), name="a_credit_note_credits_a_line_once"),
        ),
        migrations.AddConstraint(
            model_name="creditnoteline",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount", 0), _negated=True), name="a_credited_line_is_not_zero"
            ),
        ),
        migrations.AddConstraint(
            model_name="creditedcharge",
            constraint=models.UniqueConstraint(fields=("line", "action"), name="a_credit_note_credits_a_charge_once"),
        ),
        migrations.AddConstraint(
            model_name="creditedcharge",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gt", 0)), name="a_credited_charge_is_above_zero"
            ),
        ),
        migrations.AddConstraint(
            model_name="creditnotetax",
            constraint=models.UniqueConstraint(
                fields=("note", "name", "rate"), name="a_credit_note_has_one_tax_of_a_name_and_rate"
            ),
        ),
        InstallSql("receivables", "models/sql/credit_notes_change_as_drafts_only.sql", "2c52bfee5085"),
        InstallSql("receivables", "models/sql/credit_notes_never_exceed_their_invoice.sql", "270338794688"),
    ]
