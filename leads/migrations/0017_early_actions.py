"""Which actions occurred before their lead."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0016_sealed_periods"),
    ]

    operations = [
        migrations.CreateModel(
            name="EarlyAction",
            fields=[
                (
                    "action",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="early",
                        serialize=False,
                        to="leads.action",
                    ),
                ),
            ],
        ),
    ]
