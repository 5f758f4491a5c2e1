from django.db import migrations

from billing_engine.core.sql_files import InstallSql


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0001_initial"),
        ("leads", "0002_audience"),
    ]

    operations = [
        # A delivery stores its deed in the same statement.
        InstallSql("leads", "domain/intake/sql/write.sql", "9fbd13f77083"),
    ]
