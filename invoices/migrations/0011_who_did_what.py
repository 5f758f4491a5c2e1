"""Every act on a month is written down, and what an act on all its invoices skipped, and why."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("invoices", "0010_cut_by_budget"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
        migrations.AddField(
            model_name="cyclestep",
            name="about",
            field=models.CharField(
                blank=True, db_default="", help_text="Which cycle, period or invoice.", max_length=300
            ),
        ),
        migrations.AddField(
            model_name="cyclestep",
            name="done",
            field=models.PositiveIntegerField(
                db_default=0, default=0, help_text="Of an act on all: for how many invoices."
            ),
        ),
        migrations.AlterField(
            model_name="cyclestep",
            name="by",
            field=models.ForeignKey(
                blank=True,
                help_text="Empty: the schedule.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="cyclestep",
            name="kind",
            field=models.CharField(
                choices=[
                    ("run", "Billing run started"),
                    ("approve", "Approve all"),
                    ("locked", "Locked"),
                    ("reopened", "Opened again"),
                    ("issue", "Issue all"),
                    ("send", "Send all"),
                    ("period", "Period re-opened"),
                    ("void", "Invoice voided"),
                    ("rebill", "Billed again"),
                    ("closed", "Closed"),
                ],
                max_length=8,
            ),
        ),
        migrations.AddConstraint(
            model_name="cyclestep",
            constraint=models.CheckConstraint(
                condition=models.Q(("by__isnull", False), ("kind", "run"), _connector="OR"),
                name="only_a_run_is_started_by_nobody",
            ),
        ),
        migrations.CreateModel(
            name="SkippedInvoice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=300)),
                ("code", models.CharField(max_length=40)),
                ("words", models.TextField()),
                (
                    "invoice",
                    models.ForeignKey(
                        help_text="Empty: drafted anew.",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="skips",
                        to="invoices.invoice",
                    ),
                ),
                (
                    "step",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="skipped",
                        to="invoices.cyclestep",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("step", "invoice"), name="an_act_on_all_skips_an_invoice_once")
                ],
            },
        ),
    ]
