"""A tally says how many were excluded for which reason."""

from django.db import migrations, models

COUNTED = """
    UPDATE pricing_periodtally tally SET excluded_by = counted.reasons
      FROM (SELECT period_id, jsonb_object_agg(reason, n) AS reasons
              FROM (SELECT period_id, reason, count(*) AS n FROM pricing_charge WHERE reason <> '' GROUP BY 1, 2) each
             GROUP BY 1) counted
     WHERE counted.period_id = tally.period_id
"""


class Migration(migrations.Migration):
    dependencies = [("pricing", "0006_period_terms")]

    operations = [
        migrations.AddField(
            model_name="periodtally",
            name="excluded_by",
            field=models.JSONField(
                default=dict, db_default=models.Value({}, models.JSONField()), help_text="How many for which reason."
            ),
        ),
        migrations.RunSQL(COUNTED, migrations.RunSQL.noop),
    ]
