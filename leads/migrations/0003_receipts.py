"""Receipts are kept, every outcome has a count of its own, and what is refused again is kept once."""

from functools import reduce
from operator import add

from django.db import migrations, models
from django.db.models import F

OUTCOMES = ("created", "updated", "duplicate", "conflict", "quarantined", "test")


def sum_of(kind: str) -> models.expressions.Combinable:
    return reduce(add, [F(f"{kind}_{outcome}") for outcome in OUTCOMES])


class Migration(migrations.Migration):
    dependencies = [("leads", "0002_closed_periods")]

    operations = [
        migrations.RemoveConstraint(
            model_name="delivery",
            name="received_leads_are_stored_or_duplicate_or_quarantined",
        ),
        migrations.RemoveConstraint(
            model_name="delivery",
            name="received_actions_are_stored_or_duplicate_or_quarantined",
        ),
        migrations.AddField(
            model_name="delivery",
            name="actions_conflict",
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="delivery",
            name="actions_test",
            field=models.PositiveIntegerField(db_default=0, default=0, help_text="Stored as tests, never charged."),
        ),
        migrations.AddField(
            model_name="delivery",
            name="actions_updated",
            field=models.PositiveIntegerField(db_default=0, default=0, help_text="Known ones that were voided."),
        ),
        migrations.AddField(
            model_name="delivery",
            name="answer",
            field=models.BinaryField(
                db_default=b"", default=b"", help_text="The receipt as it was answered, compressed with zlib."
            ),
        ),
        migrations.AddField(
            model_name="delivery",
            name="batch_id",
            field=models.CharField(
                blank=True, db_default="", default="", help_text="The sender's own, of an envelope.", max_length=200
            ),
        ),
        migrations.AddField(
            model_name="delivery",
            name="idempotency_key",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="A request with the same one gets its answer.",
                max_length=200,
            ),
        ),
        migrations.AddField(
            model_name="delivery",
            name="leads_conflict",
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="delivery",
            name="leads_test",
            field=models.PositiveIntegerField(db_default=0, default=0, help_text="Stored as tests, never charged."),
        ),
        migrations.AddField(
            model_name="delivery",
            name="sent_at",
            field=models.DateTimeField(blank=True, help_text="When it was sent, as its envelope says.", null=True),
        ),
        migrations.AddField(
            model_name="lead",
            name="consent",
            field=models.JSONField(
                blank=True,
                db_default=models.Value({}, models.JSONField()),
                default=dict,
                help_text="What the person agreed to, when, and in what words, as the source says.",
            ),
        ),
        migrations.AddField(
            model_name="quarantineditem",
            name="digest",
            field=models.BinaryField(help_text="SHA-256 of kind and content: the same is kept once.", null=True),
        ),
        migrations.AddField(
            model_name="quarantineditem",
            name="lead_external_id",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="The source's own id of its lead.",
                max_length=200,
                verbose_name="lead",
            ),
        ),
        migrations.AddField(
            model_name="quarantineditem",
            name="times_sent",
            field=models.PositiveIntegerField(db_default=1, default=1, help_text="How often just this was sent."),
        ),
        migrations.AlterField(
            model_name="delivery",
            name="actions_quarantined",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AlterField(
            model_name="delivery",
            name="leads_quarantined",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AlterField(
            model_name="delivery",
            name="leads_updated",
            field=models.PositiveIntegerField(default=0, help_text="Known ones that got something new."),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(leads_received=sum_of("leads")), name="every_received_lead_has_exactly_one_outcome"
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(actions_received=sum_of("actions")),
                name="every_received_action_has_exactly_one_outcome",
            ),
        ),
    ]
