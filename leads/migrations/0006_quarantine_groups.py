"""What waits in quarantine by source and code, and an action's conflicts, from an index each; made while others write."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("leads", "0005_keys_signatures_and_quarantine")]

    operations = [
        AddIndexConcurrently(
            model_name="quarantineditem",
            index=models.Index(
                condition=models.Q(("state", "waiting")),
                fields=["source", "code", "id"],
                include=("actions_held", "received_at"),
                name="quarantine_groups",
            ),
        ),
        AddIndexConcurrently(
            model_name="quarantineditem",
            index=models.Index(
                condition=models.Q(("stored_action__isnull", False)),
                fields=["stored_action"],
                name="quarantine_of_an_action",
            ),
        ),
    ]
