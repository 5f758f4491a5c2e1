"""Items wait for what they refer to."""

import django.core.validators
from django.conf import settings
from django.db import migrations, models

from billing_engine.core.sql_files import InstallSql


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="quarantineditem",
            name="quarantine_waiting",
        ),
        migrations.RemoveIndex(
            model_name="quarantineditem",
            name="quarantine_groups",
        ),
        migrations.AddField(
            model_name="quarantineditem",
            name="waits_for",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="The source's ID of the action it waits for. Empty if it waits for its lead.",
                max_length=200,
            ),
        ),
        migrations.AddField(
            model_name="quarantineditem",
            name="waits_until",
            field=models.DateTimeField(
                blank=True,
                help_text="Until when it waits for the lead or action it refers to. Empty if it needs a person.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="source",
            name="wait_hours",
            field=models.PositiveSmallIntegerField(
                db_default=24,
                default=24,
                help_text="Hours that an action waits for its lead, or a void for its action, before it needs a person. 0: no wait.",
                validators=[django.core.validators.MaxValueValidator(720)],
                verbose_name="hours to wait",
            ),
        ),
        migrations.AlterField(
            model_name="quarantinestep",
            name="kind",
            field=models.CharField(
                choices=[
                    ("refused_again", "Retried and refused again"),
                    ("repaired", "Retried and stored"),
                    ("joined", "Joined by itself"),
                    ("took_new", "Replaced with the new version"),
                    ("discarded", "Discarded"),
                ],
                max_length=13,
            ),
        ),
        migrations.AddIndex(
            model_name="quarantineditem",
            index=models.Index(
                condition=models.Q(("state", "waiting")),
                fields=["received_at"],
                include=("waits_until",),
                name="quarantine_waiting",
            ),
        ),
        migrations.AddIndex(
            model_name="quarantineditem",
            index=models.Index(
                condition=models.Q(("state", "waiting"), ("waits_until__isnull", False)),
                fields=["source", "lead_external_id"],
                name="quarantine_for_another",
            ),
        ),
        migrations.AddIndex(
            model_name="quarantineditem",
            index=models.Index(
                condition=models.Q(("state", "waiting"), ("waits_until", None)),
                fields=["source", "code", "id"],
                include=("actions_held", "received_at"),
                name="quarantine_groups",
            ),
        ),
        migrations.AddConstraint(
            model_name="quarantineditem",
            constraint=models.CheckConstraint(
                condition=models.Q(("state", "waiting"), ("waits_until", None), _connector="OR"),
                name="only_a_waiting_item_waits_for_another",
            ),
        ),
        migrations.AddConstraint(
            model_name="source",
            constraint=models.CheckConstraint(
                condition=models.Q(("wait_hours__lte", 720)), name="a_source_waits_for_at_most_thirty_days"
            ),
        ),
        InstallSql("leads", "domain/intake/sql/lookup.sql", "fa03385730c4"),
    ]
