"""Weeks and two weeks beside months; when a customer changed from one to another; open periods told with their spans."""

from pathlib import Path

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import leads.models.customer

SQL = Path(__file__).with_name("intake_known.sql")
BEFORE = Path(__file__).with_name("intake_functions.sql")


def as_before() -> str:
    """The function as it was: the first one of its file."""
    functions = BEFORE.read_text(encoding="utf-8").partition("-- Stores a delivery")[0]
    return functions.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0009_customer_codes_however_written"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="customer",
            name="cycle",
            field=models.CharField(
                choices=[("monthly", "Monthly"), ("weekly", "Weekly"), ("fortnightly", "Every two weeks")],
                default="monthly",
                help_text="A change takes effect where the last billing period there is ends.",
                max_length=12,
                verbose_name="billing cycle",
            ),
        ),
        migrations.AlterField(
            model_name="customer",
            name="monthly_budget",
            field=models.DecimalField(
                blank=True,
                decimal_places=2,
                help_text="What the customer wants to spend a month; by days in weeks.",
                max_digits=14,
                null=True,
            ),
        ),
        migrations.AlterField(
            model_name="customer",
            name="monthly_minimum",
            field=models.DecimalField(
                blank=True,
                decimal_places=2,
                help_text="Charged at least this a month; by days in weeks, and where the contract begins or ends.",
                max_digits=14,
                null=True,
            ),
        ),
        migrations.AlterField(
            model_name="customer",
            name="time_zone",
            field=models.CharField(
                default="UTC",
                help_text="Months and weeks begin and end at midnight here.",
                max_length=64,
                validators=[leads.models.customer.known_time_zone],
                verbose_name="billing time zone",
            ),
        ),
        migrations.CreateModel(
            name="CycleChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("takes_effect_at", models.DateTimeField(help_text="The end of the last period of the cycle before.")),
                (
                    "cycle_before",
                    models.CharField(
                        choices=[("monthly", "Monthly"), ("weekly", "Weekly"), ("fortnightly", "Every two weeks")],
                        max_length=12,
                    ),
                ),
                (
                    "cycle_after",
                    models.CharField(
                        choices=[("monthly", "Monthly"), ("weekly", "Weekly"), ("fortnightly", "Every two weeks")],
                        max_length=12,
                    ),
                ),
                ("changed_at", models.DateTimeField()),
                (
                    "changed_by",
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
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="cycle_changes",
                        to="leads.customer",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("customer", "takes_effect_at"), name="a_customer_changes_its_cycle_once_at_a_time"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("cycle_before", models.F("cycle_after")), _negated=True),
                        name="a_change_of_cycle_changes_it",
                    ),
                ],
            },
        ),
        migrations.RunSQL(SQL.read_text(encoding="utf-8"), as_before()),
    ]
