"""An allocation is never earlier than its items, so that as of any day an item has only what it had by then."""

from django.db import migrations

from billing_engine.core.sql_files import InstallSql


class Migration(migrations.Migration):
    dependencies = [("receivables", "0003_payments")]

    operations = [
        InstallSql("receivables", "models/sql/allocations_never_exceed_their_items.sql", "36eee7e320ff"),
    ]
