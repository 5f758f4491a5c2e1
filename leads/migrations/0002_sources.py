from django.db import migrations, models

COUNTERS = [
    f"{kind}_{name}"
    for kind in ("leads", "actions")
    for name in ("created", "updated", "duplicate", "conflict", "quarantined", "test")
]


class Migration(migrations.Migration):
    dependencies = [("leads", "0001_initial")]

    operations = [
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(fields=["source", "received_at"], include=COUNTERS, name="delivery_of_source"),
        ),
        migrations.AddIndex(
            model_name="quarantineditem",
            index=models.Index(
                fields=["source", "received_at"], include=["code", "state", "id"], name="quarantine_of_source"
            ),
        ),
    ]
