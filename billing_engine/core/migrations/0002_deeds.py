import django.contrib.postgres.indexes
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0001_initial"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="deed",
            index=django.contrib.postgres.indexes.BrinIndex(autosummarize=True, fields=["at"], name="deed_at"),
        ),
    ]
