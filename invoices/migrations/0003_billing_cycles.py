"""A cycle of all customers together, as finance closes it, with who did what to it."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("invoices", "0002_issued_invoices"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="BillingCycle",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                (
                    "label",
                    models.CharField(help_text="The cycle's name, such as 2026-10.", max_length=10, unique=True),
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
                    "errand",
                    models.CharField(
                        blank=True,
                        choices=[("", "Nothing"), ("approve", "Approving"), ("issue", "Issuing"), ("send", "Sending")],
                        help_text="What the workers do with all its invoices now.",
                        max_length=7,
                    ),
                ),
                (
                    "errand_of",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="CycleStep",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("locked", "Locked"), ("reopened", "Opened again"), ("closed", "Closed")],
                        max_length=8,
                    ),
                ),
                ("at", models.DateTimeField()),
                ("reason", models.CharField(blank=True, max_length=500)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "cycle",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="steps",
                        to="invoices.billingcycle",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="billingcycle",
            constraint=models.CheckConstraint(
                condition=models.Q(("errand", ""), ("errand_of__isnull", False), _connector="OR"),
                name="an_errand_is_somebodys",
            ),
        ),
        migrations.AddConstraint(
            model_name="cyclestep",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "reopened"), _negated=True),
                    models.Q(("reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="a_cycle_is_opened_again_for_a_reason",
            ),
        ),
    ]
