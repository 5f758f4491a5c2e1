"""Runs are paused and resumed, and start by themselves where a schedule says so."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("invoices", "0003_billing_cycles"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
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
                        help_text="A run starts for each cycle that is over in every customer's time zone, its grace days too.",
                        verbose_name="starts by itself",
                    ),
                ),
                (
                    "grace_days",
                    models.PositiveSmallIntegerField(
                        default=0, help_text="Days after the end of a cycle in which late leads may still come in."
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="billingrun",
            name="paused_at",
            field=models.DateTimeField(
                blank=True, help_text="When somebody paused it; empty once it goes on.", null=True
            ),
        ),
        migrations.AddField(
            model_name="billingrun",
            name="paused_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="billingrun",
            name="cycle",
            field=models.CharField(help_text="The cycle that is billed, such as 2026-10 or 2026-W43.", max_length=10),
        ),
        migrations.AddConstraint(
            model_name="billingrun",
            constraint=models.CheckConstraint(
                condition=models.Q(("finished_at", None), ("paused_at", None), _connector="OR"),
                name="a_finished_run_is_not_paused",
            ),
        ),
    ]
