"""What waits in quarantine counts to the months in which it occurred; a month's deliveries lead to what they stored."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("leads", "0017_early_actions")]

    operations = [
        migrations.AddField(
            model_name="quarantineditem",
            name="months",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=7),
                default=list,
                help_text="In which it occurred, or else was received: there it counts until it is settled.",
                size=None,
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="quarantineditem",
            name="occurred_at",
            field=models.DateTimeField(blank=True, help_text="The earliest time in it that can be read.", null=True),
        ),
        migrations.AddField(
            model_name="quarantineditem",
            name="zone",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="The time zone of its customer, where that is known; otherwise its months are those of UTC.",
                max_length=64,
            ),
        ),
        migrations.RunSQL(
            "UPDATE leads_quarantineditem SET months = ARRAY[to_char(received_at AT TIME ZONE 'UTC', 'YYYY-MM')]",
            migrations.RunSQL.noop,
        ),
        migrations.AddIndex(
            model_name="quarantineditem",
            index=django.contrib.postgres.indexes.GinIndex(
                condition=models.Q(("state", "waiting")), fields=["months"], name="quarantine_by_month"
            ),
        ),
        migrations.AddConstraint(
            model_name="quarantineditem",
            constraint=models.CheckConstraint(
                condition=models.Q(("months__len__gt", 0)), name="a_quarantined_item_counts_to_a_month"
            ),
        ),
        migrations.AddIndex(
            model_name="action",
            index=django.contrib.postgres.indexes.BrinIndex(fields=["delivery"], name="action_delivery"),
        ),
    ]
