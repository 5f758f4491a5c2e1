import django.contrib.postgres.indexes
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0021_number_prefixes"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="lead",
            index=django.contrib.postgres.indexes.BrinIndex(
                autosummarize=True, fields=["received_at"], name="lead_received"
            ),
        ),
    ]
