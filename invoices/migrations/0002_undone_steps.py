"""Record undone steps: withdrawn adjustments, approvals sent back, and the period of a step."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from billing_engine.core.sql_files import InstallSql


class Migration(migrations.Migration):
    dependencies = [
        ("invoices", "0001_initial"),
        ("leads", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="cyclestep",
            name="period",
            field=models.ForeignKey(
                blank=True,
                help_text="For a step on a single period or its invoice.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="cycle_steps",
                to="leads.billingperiod",
            ),
        ),
        migrations.CreateModel(
            name="UndoneStep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("adjustment", "Adjustment withdrawn"), ("approval", "Approval sent back")],
                        max_length=10,
                    ),
                ),
                (
                    "text",
                    models.CharField(
                        blank=True, help_text="For an adjustment: its text for the customer.", max_length=500
                    ),
                ),
                (
                    "reason",
                    models.CharField(blank=True, help_text="The reason given for the original step.", max_length=200),
                ),
                ("amount", models.DecimalField(blank=True, decimal_places=4, max_digits=40, null=True)),
                ("done_at", models.DateTimeField()),
                ("undone_at", models.DateTimeField()),
                (
                    "done_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "invoice",
                    models.ForeignKey(
                        help_text="The draft, or the draft that replaced it. Empty: deleted.",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="undone_steps",
                        to="invoices.invoice",
                    ),
                ),
                (
                    "period",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="undone_steps",
                        to="leads.billingperiod",
                    ),
                ),
                (
                    "undone_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("amount", None), ("kind", "approval")),
                            models.Q(("amount__isnull", False), ("kind", "adjustment")),
                            _connector="OR",
                        ),
                        name="a_withdrawn_adjustment_says_how_much_it_was",
                    )
                ],
            },
        ),
        InstallSql("invoices", "models/sql/an_undone_step_is_never_forgotten.sql", "22f796f11cd7"),
    ]
