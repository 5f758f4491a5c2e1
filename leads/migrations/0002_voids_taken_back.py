"""An import that is undone takes back what it voided."""

from django.db import migrations

from billing_engine.core.migrating.sql_files import InstallSql


class Migration(migrations.Migration):
    dependencies = [("leads", "0001_initial"), ("core", "0001_initial")]

    operations = [InstallSql("leads", "models/sql/a_void_stays_as_it_was_recorded.sql", "82681166196c")]
