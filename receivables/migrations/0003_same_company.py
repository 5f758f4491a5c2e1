"""A match never crosses companies."""

from django.db import migrations

from billing_engine.core.sql_files import InstallSql


class Migration(migrations.Migration):
    """Install the trigger that also compares the companies of both items."""

    dependencies = [("receivables", "0003_ageing_2")]

    operations = [
        InstallSql("receivables", "models/sql/allocations_never_exceed_their_items.sql", "2afc44f9e915"),
    ]
