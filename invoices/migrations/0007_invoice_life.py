"""Void invoices, adjustments, taxes of several rates, credit balances; nothing else changes what is issued."""

import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models

from billing_engine.core.immutable import refuse

DRAFT = "SELECT FROM invoices_invoice invoice WHERE invoice.id IN (OLD.invoice_id, NEW.invoice_id) AND invoice.state <>"


def but(*columns: str) -> str:
    """Whether a row is changed in other columns than these."""
    names = ", ".join(f"'{column}'" for column in columns)
    return f"(to_jsonb(NEW) - ARRAY[{names}]) IS DISTINCT FROM (to_jsonb(OLD) - ARRAY[{names}])"


class Migration(migrations.Migration):
    dependencies = [
        ("invoices", "0006_mail_templates_and_mails"),
        ("leads", "0011_companies_taxes_and_locales"),
        ("pricing", "0006_period_terms"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
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
                        help_text="For our own books; the line's text is for the customer.", max_length=200
                    ),
                ),
                ("adjusted_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="CreditEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("carried", "Carried forward"),
                            ("used", "Used"),
                            ("taken_back", "Taken back by a void"),
                            ("returned", "Returned by a void"),
                        ],
                        max_length=10,
                    ),
                ),
                ("currency", models.CharField(max_length=3)),
                (
                    "amount",
                    models.DecimalField(decimal_places=3, help_text="Above zero: more in credit.", max_digits=18),
                ),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "verbose_name_plural": "credit entries",
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
                    "category",
                    models.CharField(
                        blank=True, help_text="The product category it applies to; empty: all.", max_length=80
                    ),
                ),
                (
                    "base",
                    models.DecimalField(
                        decimal_places=3, help_text="The sum of the lines it applies to.", max_digits=18
                    ),
                ),
                ("amount", models.DecimalField(decimal_places=3, max_digits=18)),
            ],
            options={
                "verbose_name_plural": "invoice taxes",
            },
        ),
        migrations.CreateModel(
            name="Reopening",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reason", models.CharField(max_length=200)),
                ("reopened_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(help_text="When it had been closed.")),
                (
                    "invoice",
                    models.CharField(
                        blank=True, help_text="The draft thrown away, or the invoice voided.", max_length=60
                    ),
                ),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="invoice",
            name="an_invoice_has_its_number_from_issue_on",
        ),
        migrations.RemoveConstraint(
            model_name="invoice",
            name="an_invoice_total_is_lines_plus_tax",
        ),
        migrations.RemoveConstraint(
            model_name="invoiceline",
            name="every_charge_is_on_exactly_one_line",
        ),
        migrations.AddField(
            model_name="invoice",
            name="credit",
            field=models.DecimalField(
                db_default=0,
                decimal_places=3,
                default=0,
                help_text="Below zero: paid from the customer's credit balance; above: carried to it.",
                max_digits=18,
            ),
        ),
        migrations.AddField(
            model_name="invoice",
            name="tax_exempt_reason",
            field=models.CharField(blank=True, db_default="", help_text="Why it bears no tax.", max_length=200),
        ),
        migrations.AddField(
            model_name="invoice",
            name="void_reason",
            field=models.CharField(blank=True, db_default="", max_length=200),
        ),
        migrations.AddField(
            model_name="invoice",
            name="voided_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="invoice",
            name="voided_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="numberseries",
            name="digits",
            field=models.PositiveSmallIntegerField(db_default=6, default=6),
        ),
        migrations.AlterField(
            model_name="invoice",
            name="number",
            field=models.CharField(blank=True, max_length=40, null=True, unique=True),
        ),
        migrations.AlterField(
            model_name="invoice",
            name="period",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="invoices", to="leads.billingperiod"
            ),
        ),
        migrations.AlterField(
            model_name="invoice",
            name="state",
            field=models.CharField(
                choices=[("draft", "Draft"), ("approved", "Approved"), ("issued", "Issued"), ("void", "Void")],
                db_index=True,
                default="draft",
                max_length=8,
            ),
        ),
        migrations.AlterField(
            model_name="invoice",
            name="subtotal",
            field=models.DecimalField(decimal_places=3, default=0, help_text="The sum of the lines.", max_digits=18),
        ),
        migrations.AlterField(
            model_name="invoice",
            name="tax",
            field=models.DecimalField(decimal_places=3, default=0, help_text="The sum of the taxes.", max_digits=18),
        ),
        migrations.AlterField(
            model_name="invoiceline",
            name="kind",
            field=models.CharField(
                choices=[
                    ("charges", "Charges"),
                    ("minimum", "Monthly minimum"),
                    ("adjustment", "Adjustment"),
                    ("not_charged", "Not charged"),
                ],
                max_length=11,
            ),
        ),
        migrations.AlterField(
            model_name="numberseries",
            name="prefix",
            field=models.CharField(max_length=30, primary_key=True, serialize=False),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "void"), _negated=True),
                fields=("period",),
                name="a_period_has_one_invoice_that_is_not_void",
            ),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("due_on__isnull", False),
                        ("issued_at__isnull", False),
                        ("number__isnull", False),
                        ("state__in", ["issued", "void"]),
                    ),
                    models.Q(
                        ("issued_at", None), ("number", None), ("sent_at", None), ("state__in", ["draft", "approved"])
                    ),
                    _connector="OR",
                ),
                name="an_invoice_has_its_number_from_issue_on",
            ),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.CheckConstraint(
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
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "total",
                        django.db.models.expressions.CombinedExpression(
                            django.db.models.expressions.CombinedExpression(models.F("subtotal"), "+", models.F("tax")),
                            "+",
                            models.F("credit"),
                        ),
                    )
                ),
                name="an_invoice_total_is_lines_plus_tax_and_credit",
            ),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.CheckConstraint(
                condition=models.Q(("credit__lte", 0), ("total", 0), _connector="OR"),
                name="what_is_carried_to_the_balance_leaves_nothing_to_pay",
            ),
        ),
        migrations.AddConstraint(
            model_name="invoiceline",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind", "adjustment"), _negated=True),
                fields=("invoice", "kind", "product", "action_type", "rule", "reason", "late_from"),
                name="every_charge_is_on_exactly_one_line",
                nulls_distinct=False,
            ),
        ),
        migrations.AddField(
            model_name="adjustment",
            name="adjusted_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="creditentry",
            name="customer",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="credit_entries", to="leads.customer"
            ),
        ),
        migrations.AddField(
            model_name="creditentry",
            name="invoice",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="credit_entries",
                to="invoices.invoice",
            ),
        ),
        migrations.AddField(
            model_name="invoicetax",
            name="invoice",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="taxes", to="invoices.invoice"
            ),
        ),
        # The foreign key is checked at once: a table with checks waiting cannot lose a column.
        migrations.RunSQL(
            "INSERT INTO invoices_invoicetax (invoice_id, position, name, rate, category, base, amount)"
            " SELECT id, 1, 'Tax', tax_rate, '', subtotal, tax FROM invoices_invoice WHERE tax_rate > 0;"
            " SET CONSTRAINTS ALL IMMEDIATE",
            migrations.RunSQL.noop,
        ),
        migrations.RemoveField(
            model_name="invoice",
            name="tax_rate",
        ),
        migrations.AddField(
            model_name="reopening",
            name="period",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="reopenings", to="leads.billingperiod"
            ),
        ),
        migrations.AddField(
            model_name="reopening",
            name="reopened_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddConstraint(
            model_name="adjustment",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True), name="an_adjustment_says_why"
            ),
        ),
        migrations.AddConstraint(
            model_name="creditentry",
            constraint=models.UniqueConstraint(
                fields=("invoice", "kind"), name="an_invoice_moves_the_balance_once_each_way"
            ),
        ),
        migrations.AddConstraint(
            model_name="creditentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("amount__gt", 0), ("kind__in", ["carried", "returned"])),
                    models.Q(("amount__lt", 0), ("kind__in", ["used", "taken_back"])),
                    _connector="OR",
                ),
                name="a_credit_entry_has_the_sign_of_its_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="invoicetax",
            constraint=models.UniqueConstraint(
                fields=("invoice", "position"), name="an_invoice_tax_has_its_own_position"
            ),
        ),
        migrations.AddConstraint(
            model_name="invoicetax",
            constraint=models.CheckConstraint(
                condition=models.Q(("rate__gte", 0), ("rate__lt", 100)), name="an_invoice_tax_is_a_percentage"
            ),
        ),
        migrations.AddConstraint(
            model_name="reopening",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True), name="a_reopening_says_why"
            ),
        ),
        migrations.RunSQL(
            "DROP TRIGGER an_issued_invoice_never_changes ON invoices_invoice;"
            " DROP FUNCTION an_issued_invoice_never_changes();",
            migrations.RunSQL.noop,
        ),
        refuse(
            name="an_issued_invoice_is_only_sent_or_voided",
            table="invoices_invoice",
            when="OLD.state IN ('issued', 'void') AND NOT COALESCE("
            f"OLD.state = 'issued' AND OLD.sent_at IS NULL AND NOT ({but('sent_at')})"
            f" OR OLD.state = 'issued' AND NEW.state = 'void' AND NOT ({but('state', 'voided_at', 'voided_by_id', 'void_reason')})"
            ", FALSE)",
            words="An issued invoice never changes; what is wrong is corrected by a credit note, or the invoice is voided.",
        ),
        refuse(
            name="taxes_change_on_drafts_only",
            table="invoices_invoicetax",
            on="INSERT OR UPDATE OR DELETE",
            when=f"EXISTS ({DRAFT} 'draft')",
            words="The taxes of an invoice change only while it is a draft.",
        ),
        refuse(
            name="adjustments_change_on_drafts_only",
            table="invoices_adjustment",
            on="INSERT OR UPDATE OR DELETE",
            when="EXISTS (SELECT FROM invoices_invoiceline line JOIN invoices_invoice invoice ON invoice.id = line.invoice_id"
            " WHERE line.id IN (OLD.line_id, NEW.line_id) AND invoice.state <> 'draft')",
            words="The adjustments of an invoice change only while it is a draft.",
        ),
        refuse(
            name="credit_moves_with_a_draft_or_a_void",
            table="invoices_creditentry",
            on="INSERT OR UPDATE OR DELETE",
            when=f"EXISTS ({DRAFT} CASE WHEN TG_OP = 'INSERT' AND NEW.kind IN ('taken_back', 'returned')"
            " THEN 'void' ELSE 'draft' END)",
            words="The credit of an invoice changes only while it is a draft; a void gives it back.",
        ),
        refuse(
            name="a_period_that_is_issued_never_reopens",
            table="leads_billingperiod",
            on="UPDATE",
            when="OLD.state = 'closed' AND NEW.state <> 'closed' AND EXISTS (SELECT FROM invoices_invoice invoice"
            " WHERE invoice.period_id = OLD.id AND invoice.state = 'issued')",
            words="This billing period is on an issued invoice: it opens again only when that is voided.",
        ),
        refuse(
            name="a_reopening_is_never_forgotten",
            table="invoices_reopening",
            when="TRUE",
            words="That a period was reopened, and why, is kept.",
        ),
    ]
