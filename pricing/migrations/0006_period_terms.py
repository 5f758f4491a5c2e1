"""A closed period keeps what it was rated by."""

import django.db.models.deletion
from django.db import migrations, models

from billing_engine.core.immutable import refuse


class Migration(migrations.Migration):
    dependencies = [("pricing", "0005_simulations")]

    operations = [
        migrations.CreateModel(
            name="PeriodTerms",
            fields=[
                (
                    "period",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="terms",
                        serialize=False,
                        to="leads.billingperiod",
                    ),
                ),
                (
                    "rules",
                    models.JSONField(help_text="Each price rule in force, by id, with its end then (or none)."),
                ),
                ("customer", models.JSONField(help_text="Contract dates, excluded domains and hard budget.")),
                (
                    "catalogue",
                    models.JSONField(help_text="Products' categories, sources' channels, what is billable."),
                ),
            ],
            options={"verbose_name_plural": "period terms"},
        ),
        refuse(
            name="terms_of_a_closed_period_never_change",
            table="pricing_periodterms",
            on="INSERT OR UPDATE OR DELETE",
            when="EXISTS (SELECT FROM leads_billingperiod period"
            " WHERE period.id IN (OLD.period_id, NEW.period_id) AND period.state = 'closed')",
            words="This billing period is closed: what it was rated by never changes.",
        ),
    ]
