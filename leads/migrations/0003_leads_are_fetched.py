"""Leads of which a webhook told only the ID are fetched from their sender."""

import django.db.models.deletion
from django.db import migrations, models

from billing_engine.core.migrating.sql_files import InstallSql


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0002_voids_taken_back"),
    ]

    operations = [
        migrations.AddField(
            model_name="hook",
            name="fetch_sealed",
            field=models.BinaryField(
                help_text="The token with which the fields of leads are fetched from the sender, encrypted likewise.",
                null=True,
            ),
        ),
        migrations.CreateModel(
            name="HookFetch",
            fields=[
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
                    "item",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="fetch",
                        serialize=False,
                        to="leads.quarantineditem",
                    ),
                ),
                (
                    "sender_id",
                    models.CharField(help_text="The sender's ID for the lead.", max_length=200, verbose_name="lead"),
                ),
                ("requested_at", models.DateTimeField()),
                (
                    "settled_at",
                    models.DateTimeField(blank=True, help_text="When its fields arrived, or were given up.", null=True),
                ),
                ("failure", models.TextField(blank=True, help_text="Why the last attempt failed.")),
                (
                    "hook",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="fetches", to="leads.hook"
                    ),
                ),
            ],
            options={
                "verbose_name": "fetched lead",
                "indexes": [
                    models.Index(
                        condition=models.Q(("settled_at", None)), fields=["next_attempt_at"], name="lead_to_fetch"
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("next_attempt_at__isnull", False), ("settled_at", None)),
                            models.Q(("next_attempt_at", None), ("settled_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="a_lead_that_is_fetched_has_a_next_attempt",
                    )
                ],
            },
        ),
        InstallSql("leads", "models/sql/fetched_leads_are_never_emptied.sql", "ab89d2e4b364"),
    ]
